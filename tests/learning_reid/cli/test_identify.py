"""`verify` and `identify`: one picture against another, and against many, decided by the calibrated threshold."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.embedding.onnx_file import export_onnx
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.frames.images import read_image
from tests.learning_reid.cli.run_cli import run_command


@pytest.fixture(scope="module")
def people(generated_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each person of the gallery."""
    folder = tmp_path_factory.mktemp("people")
    for picture in sorted((generated_market / "bounding_box_test").glob("0*.jpg")):
        if not picture.name.startswith("0000"):
            (folder / picture.name[:4]).mkdir(exist_ok=True)
            shutil.copy(picture, folder / picture.name[:4])
    return folder


def first_query(generated_market: Path) -> Path:
    return min((generated_market / "query").glob("*.jpg"))


def test_two_pictures_are_compared(generated_market: Path, people: Path, tmp_path: Path) -> None:
    first, second = first_query(generated_market), min(people.rglob("*.jpg"))
    files = ("--json", tmp_path / "a.json", "--picture", tmp_path / "a.png")
    printed = run_command("verify", "--img1", first, "--img2", second, *files)
    values = json.loads((tmp_path / "a.json").read_text())
    one, other = create_embedder()([read_image(first), read_image(second)])
    assert values["similarity"] == pytest.approx(float(one @ other), abs=1e-4)
    assert values["distance"] == pytest.approx(float(np.linalg.norm(one - other)), abs=1e-4)
    assert values["same_person"] == (values["distance"] <= values["threshold"])
    assert ("one person" in printed) == values["same_person"]
    assert min(Image.open(tmp_path / "a.png").size) > 300


@pytest.mark.parametrize(("threshold", "same"), [(1.99, True), (1e-4, False)])
def test_the_threshold_decides(threshold: float, same: bool, people: Path, tmp_path: Path) -> None:
    first, *_, last = sorted(people.rglob("*.jpg"))
    run_command("verify", "--img1", first, "--img2", last, "--threshold", threshold, "--json", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["same_person"] is same


def test_a_known_picture_is_found_and_a_grey_one_is_not_in_the_gallery(people: Path, tmp_path: Path) -> None:
    picture, grey = sorted(people.rglob("*.jpg"))[3], tmp_path / "grey.png"
    Image.new("RGB", (64, 128), (90, 90, 90)).save(grey)
    files = ("--json", tmp_path / "a.json", "--picture", tmp_path / "a.png")
    asking = ("--query", picture, "--query", grey, "--threshold", 0.05)
    printed = run_command("identify", "--gallery-dir", people, *asking, *files)
    known, unknown = json.loads((tmp_path / "a.json").read_text())["answers"]
    assert f"{picture}: {picture.parent.name}" in printed and f"{grey}: not in the gallery" in printed
    assert (known["person_id"], unknown["person_id"]) == (picture.parent.name, None)
    nearest = known["candidates"][0]
    assert nearest["distance"] < 0.01 and nearest["similarity"] > 0.999 and nearest["accepted"]
    away = [one["distance"] for one in unknown["candidates"]]
    assert len(away) == 5 and away == sorted(away) and not any(one["accepted"] for one in unknown["candidates"])
    assert min(Image.open(tmp_path / "a.png").size) > 500


def test_an_onnx_file_answers_alike(repository: Path, people: Path, tmp_path: Path) -> None:
    export_onnx("osnet_x0_25", repository / "weights/reid.safetensors", tmp_path / "reid.onnx")
    first, *_, last = sorted(people.rglob("*.jpg"))
    distances = []
    for model in (("--onnx", tmp_path / "reid.onnx"), ()):
        run_command("verify", "--img1", first, "--img2", last, *model, "--json", tmp_path / "a.json")
        distances.append(json.loads((tmp_path / "a.json").read_text())["distance"])
    assert distances[0] == pytest.approx(distances[1], abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["identify", "--gallery-dir", "{people}", "--query", "nowhere.jpg"], "nowhere.jpg is missing"),
        (["identify", "--gallery-dir", "{people}", "--query", "{people}"], "is a folder; name one picture"),
        (["identify", "--gallery-dir", "{people}/nowhere", "--query", "a.jpg"], "nowhere"),
        (["verify", "--img1", "a.jpg", "--img2", "b.jpg", "--json", "/nowhere/a.json"], "cannot be written there"),
        (["verify", "--img1", "a.jpg", "--img2", "b.jpg", "--weights", "w.pth", "--onnx", "w.onnx"], "not both"),
    ],
)
def test_bad_input_is_told_in_a_line(arguments: list[str], said: str, people: Path) -> None:
    with pytest.raises(UserError) as caught:
        run_command(*(part.format(people=people) for part in arguments))
    assert said in str(caught.value) and "\n" not in str(caught.value)
