"""`similarity`: several images, several models, three measures; on synthetic and on real people."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from learning_reid.cli.entry_point import app
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.frames.images import read_image
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from tests.learning_reid.cli.run_cli import run_command


@pytest.fixture(scope="module")
def people(generated_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery of generated people: 8 persons, 2 cameras, distractors, junk."""
    folder = tmp_path_factory.mktemp("people") / "crops"
    shutil.copytree(generated_market / "bounding_box_test", folder)
    return folder


@pytest.fixture(scope="module")
def three(people: Path) -> list[Path]:
    """Return two images of one person and one of another."""
    images = [path for path in sorted(people.glob("*.jpg")) if path.name[0] == "0" and path.name[:4] != "0000"]
    first = images[0]
    same = next(path for path in images[1:] if path.name[:4] == first.name[:4])
    return [first, same, next(path for path in images if path.name[:4] != first.name[:4])]


def test_the_measures_are_computed_from_the_embeddings(three: list[Path], tmp_path: Path) -> None:
    models = ("--models", "embedded", f"osnet_x0_25={EMBEDDED_WEIGHTS}/reid.safetensors")
    printed = run_command("similarity", "--images", *three, *models, "--measure", "all", "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert [pair["same"] for pair in values["pairs"]] == [True, False, False]
    features = create_embedder()([read_image(image) for image in three])
    expected = [float(features[a] @ features[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    for model in values["models"]:
        np.testing.assert_allclose(model["cosine"], expected, atol=1e-4)
        np.testing.assert_allclose(model["euclidean"], np.sqrt(2 - 2 * np.array(expected)), atol=1e-3)
        np.testing.assert_allclose(model["bounded"], 1 / (1 + np.array(model["euclidean"])))
        assert model["margin"]["cosine"] == pytest.approx(expected[0] - max(expected[1:]), abs=1e-3)
        assert f"| {model['model']} " in printed
    for measure in ("cosine", "euclidean", "bounded"):
        assert f"| {measure} " in printed
    assert "margin" in printed and "| expected " in printed


def test_flags_may_be_repeated(three: list[Path]) -> None:
    at_once = run_command("similarity", "--images", *three)
    one_by_one = run_command("similarity", *(part for image in three for part in ("--images", image)))
    assert at_once == one_by_one and "embedded" in at_once


def test_the_folder_contains_markdown_csv_and_plot(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    printed = run_command("similarity", "--images", people, "--max-pairs", 3, "--out", out)
    files = [out / name for name in ("similarity.md", "similarity.csv", "similarity.png")]
    assert printed.splitlines()[-3:] == [str(file) for file in files]
    assert "3 of the 8 persons seen by two cameras" in printed and "3 of the 8" in files[0].read_text()
    assert all(f"| {measure} " in files[0].read_text() for measure in ("cosine", "euclidean", "bounded"))
    rows = list(csv.DictReader(files[1].open()))
    assert [row["expected"] for row in rows] == ["same"] * 3 + ["different"] * 3
    for row in rows:
        first, second = (Path(row[column]).name for column in ("img1", "img2"))
        assert (first[:4] == second[:4]) == (row["expected"] == "same") and first[4:7] != second[4:7]  # across cameras
    pixels = np.asarray(Image.open(files[2]).convert("RGB"))
    assert pixels.std() > 5 and min(pixels.shape[:2]) > 300


def test_a_csv_file_names_the_pairs(three: list[Path], tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(
        f"a,b,same\n{three[0].name},{three[2].name},\n{three[1].name},{three[2].name},yes\n"
    )
    files = ("--pairs", tmp_path / "pairs.csv", "--json", tmp_path / "a.json")
    assert "Pairs: those of pairs.csv." in run_command("similarity", "--images", *three, *files)
    assert [pair["same"] for pair in json.loads((tmp_path / "a.json").read_text())["pairs"]] == [False, True]


def test_pairs_without_labels_have_no_margin(three: list[Path], tmp_path: Path) -> None:
    images = [shutil.copy(image, tmp_path / f"{number}.jpg") for number, image in enumerate(three)]
    printed = run_command("similarity", "--images", *images, "--json", tmp_path / "a.json")
    assert "?" in printed and "–" in printed
    assert json.loads((tmp_path / "a.json").read_text())["models"][0]["margin"]["cosine"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", "{one}"], "a pair needs two images"),
        (["--images", "{one}", "nowhere.jpg"], "nowhere.jpg is missing"),
        (["--images", "{one}", "{broken}"], "broken.jpg cannot be read (not an image)"),
        (["--images", "{folder}"], "no images in the folder"),
        (["--images", "{one}", "{two}", "--models", "embeded"], "did you mean 'embedded'?"),
        (["--images", "{one}", "{two}", "--pairs", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["--images", "{one}", "{two}", "--pairs", "{table}"], "other.jpg is not one of the images of --images"),
        (["--images", "{one}", "{two}", "--json", "/nowhere/a.json"], "cannot be written there"),
        (["--images", "{one}", "{two}", "--out", "{one}"], "a file has this name"),
    ],
)
def test_bad_input_is_reported_in_one_line(
    arguments: list[str], message: str, three: list[Path], tmp_path: Path
) -> None:
    places = {"one": three[0], "two": three[1], "broken": tmp_path / "broken.jpg", "folder": tmp_path / "empty"}
    places["table"] = tmp_path / "pairs.csv"
    places["broken"].write_bytes(b"no image")
    places["folder"].mkdir()
    places["table"].write_text(f"a,b\n{three[0].name},other.jpg\n")
    with pytest.raises(UserError) as error:
        run_command("similarity", *(part.format(**places) for part in arguments))
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", "a.jpg", "--measure", "cosin"], "'cosine', 'euclidean', 'bounded', 'all'"),
        (["--images", "a.jpg", "--max-pairs", "0"], "--max-pairs"),
        (["--images"], "requires an argument"),
        (["--models", "embedded"], "Missing option '--images'"),
        (["a.jpg", "b.jpg"], "Missing option '--images'"),
        (["--images", "a.jpg", "b.jpg", "--imges", "c.jpg"], "--images"),
        (["--images", "a.jpg", "--measure", "cosine", "b.jpg"], "unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_exits_with_2(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["similarity", *arguments])
    assert done.exit_code == 2 and message in done.output


@pytest.mark.parametrize(("most", "pairs"), [(6, 12), (37, 74)])
def test_genuine_pairs_of_real_people_are_more_similar(
    most: int, pairs: int, real_data: Path, repository: Path, tmp_path: Path
) -> None:
    """The means differ and the margin is below zero, as docs/similarity.md reports; pairs are chosen by the rule."""
    model = f"osnet_x0_25={real_data}/weights/osnet_x0_25_msmt17.pth"
    crops = ("--images", real_data / "crops/pku_reid", "--max-pairs", most)
    run_command("similarity", *crops, "--models", model, "--device", "cpu", "--json", tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text())
    assert [pair["same"] for pair in values["pairs"]] == [True] * most + [False] * most
    (model_values,) = values["models"]
    gap, margin = model_values["mean_gap"]["cosine"], model_values["margin"]["cosine"]
    assert gap > 0.05 and pairs == len(values["pairs"])
    page = (repository / "docs" / "similarity.md").read_text(encoding="utf-8")
    assert f"| {most} | {pairs} | {margin:+.3f} | {gap:+.3f} |" in page


@pytest.mark.slow
def test_six_real_pairs_have_the_margin_of_the_published_table(
    real_data: Path, repository: Path, tmp_path: Path
) -> None:
    """Pairs of four images of a person and one each of the next two: the first such six are separable."""
    images = sorted((real_data / "crops/pku_reid").glob("*_c1s1_*.jpg"))
    persons = sorted({path.name[:4] for path in images})
    of = {person: [path for path in images if path.name[:4] == person] for person in persons}
    margins = []
    for start in range(len(persons)):
        (a, b, c, d, *_), (x, *_), (y, *_) = (of[persons[(start + step) % len(persons)]] for step in range(3))
        rows = [(a, b, "yes"), (a, c, "yes"), (a, d, "yes"), (x, y, "no"), (x, a, "no"), (y, b, "no")]
        if not margins:  # the first comes from the command
            (tmp_path / "pairs.csv").write_text("a,b,same\n" + "".join(f"{p.name},{q.name},{s}\n" for p, q, s in rows))
            model = f"osnet_x0_25={real_data}/weights/osnet_x0_25_msmt17.pth"
            options = ("--pairs", tmp_path / "pairs.csv", "--models", model, "--json", tmp_path / "a.json")
            run_command("similarity", "--images", a, b, c, d, x, y, *options, "--device", "cpu")
            (result,) = json.loads((tmp_path / "a.json").read_text())["models"]
            embedder = create_embedder("osnet_x0_25", model.partition("=")[2])
        first, second = (embedder([read_image(row[side]) for row in rows]) for side in (0, 1))
        cosine = (first * second).sum(axis=1)
        margins.append(float(cosine[:3].min() - cosine[3:].max()))
    assert result["margin"]["cosine"] == pytest.approx(margins[0], abs=1e-4)
    assert margins[0] > 0
    page = " ".join((repository / "docs" / "similarity.md").read_text(encoding="utf-8").split())
    above = sum(margin > 0 for margin in margins)
    assert (
        f"the margin of the first person is {margins[0]:+.3f}, and {above} of the {len(margins)} margins are positive"
        in page
    )
