"""`verify` and `identify` decide by the threshold that is given or calibrated."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from learning_reid.cli.entry_point import app
from learning_reid.embedding import registry
from learning_reid.embedding.onnx_file import export_onnx
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.frames.images import read_image
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from tests.learning_reid.cli.run_cli import run_command


@pytest.fixture(scope="module")
def people(generated_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each person of the gallery."""
    folder = tmp_path_factory.mktemp("people")
    for image in sorted((generated_market / "bounding_box_test").glob("0*.jpg")):
        if not image.name.startswith("0000"):
            (folder / image.name[:4]).mkdir(exist_ok=True)
            shutil.copy(image, folder / image.name[:4])
    return folder


def first_query(generated_market: Path) -> Path:
    return min((generated_market / "query").glob("*.jpg"))


def test_verify_prints_and_writes_distance_and_decision(generated_market: Path, people: Path, tmp_path: Path) -> None:
    first, second = first_query(generated_market), min(people.rglob("*.jpg"))
    files = ("--json", tmp_path / "a.json", "--plot", tmp_path / "a.png")
    printed = run_command("verify", "--img1", first, "--img2", second, *files)
    values = json.loads((tmp_path / "a.json").read_text())
    one, other = create_embedder()([read_image(first), read_image(second)])
    assert values["similarity"] == pytest.approx(float(one @ other), abs=1e-4)
    assert values["distance"] == pytest.approx(float(np.linalg.norm(one - other)), abs=1e-4)
    assert values["same_person"] == (values["distance"] <= values["threshold"])
    assert ("same person" in printed) == values["same_person"]
    assert min(Image.open(tmp_path / "a.png").size) > 300


@pytest.mark.parametrize(("threshold", "same"), [(1.99, True), (1e-4, False)])
def test_the_given_threshold_decides(threshold: float, same: bool, people: Path, tmp_path: Path) -> None:
    first, *_, last = sorted(people.rglob("*.jpg"))
    run_command("verify", "--img1", first, "--img2", last, "--threshold", threshold, "--json", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["same_person"] is same


def test_a_gallery_image_is_identified_and_a_gray_one_is_rejected(people: Path, tmp_path: Path) -> None:
    image, gray = sorted(people.rglob("*.jpg"))[3], tmp_path / "gray.png"
    Image.new("RGB", (64, 128), (90, 90, 90)).save(gray)
    files = ("--json", tmp_path / "a.json", "--plot", tmp_path / "a.png")
    queries = ("--query", image, "--query", gray, "--threshold", 0.05)
    printed = run_command("identify", "--gallery-dir", people, *queries, *files)
    known, unknown = json.loads((tmp_path / "a.json").read_text())["answers"]
    assert f"{image}: {image.parent.name}" in printed and f"{gray}: not in the gallery" in printed
    assert (known["person_id"], unknown["person_id"]) == (image.parent.name, None)
    nearest = known["candidates"][0]
    assert nearest["distance"] < 0.01 and nearest["similarity"] > 0.999 and nearest["accepted"]
    away = [one["distance"] for one in unknown["candidates"]]
    assert len(away) == 5 and away == sorted(away) and not any(one["accepted"] for one in unknown["candidates"])
    assert min(Image.open(tmp_path / "a.png").size) > 500


def test_without_a_threshold_people_are_ranked_and_nothing_is_decided(people: Path, tmp_path: Path) -> None:
    weights = tmp_path / "alone.safetensors"
    shutil.copy(EMBEDDED_WEIGHTS / "reid.safetensors", weights)
    image = sorted(people.rglob("*.jpg"))[3]
    files = ("--json", tmp_path / "a.json", "--plot", tmp_path / "a.png")
    printed = run_command("identify", "--gallery-dir", people, "--query", image, "--weights", weights, *files)
    assert f"{image}: not decided; the nearest is {image.parent.name}" in printed and "accepted" not in printed
    values = json.loads((tmp_path / "a.json").read_text())
    (answer,) = values["answers"]
    assert values["threshold"] is None and values["threshold_origin"] is None and answer["person_id"] is None
    assert [one["accepted"] for one in answer["candidates"]] == [None] * 5
    run_command("verify", "--img1", image, "--img2", image, "--weights", weights, *files)
    assert json.loads((tmp_path / "a.json").read_text())["same_person"] is None


@pytest.mark.parametrize("threshold", ["inf", "nan", "-1", "nowhere.yml"])
def test_a_value_that_is_no_threshold_is_a_wrong_command_line(threshold: str, people: Path) -> None:
    image = next(people.rglob("*.jpg"))
    arguments = ["verify", "--img1", str(image), "--img2", str(image), f"--threshold={threshold}"]
    assert CliRunner().invoke(app, arguments).exit_code == 2


@pytest.mark.slow
def test_an_onnx_file_gives_the_same_distance(people: Path, tmp_path: Path) -> None:
    export_onnx("osnet_x0_25", EMBEDDED_WEIGHTS / "reid.safetensors", tmp_path / "reid.onnx")
    first, *_, last = sorted(people.rglob("*.jpg"))
    distances = []
    for model in (("--onnx", tmp_path / "reid.onnx"), ()):
        run_command("verify", "--img1", first, "--img2", last, *model, "--json", tmp_path / "a.json")
        distances.append(json.loads((tmp_path / "a.json").read_text())["distance"])
    assert distances[0] == pytest.approx(distances[1], abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["identify", "--gallery-dir", "{people}", "--query", "nowhere.jpg"],
            "nowhere.jpg cannot be read (no such file or directory)",
        ),
        (["identify", "--gallery-dir", "{people}", "--query", "{people}"], "is a folder; name one image"),
        (["identify", "--gallery-dir", "{people}/nowhere", "--query", "{image}"], "nowhere"),
        (["verify", "--img1", "{image}", "--img2", "{image}", "--weights", "w.onnx"], "no weights file w.onnx"),
        (
            ["identify", "--gallery-dir", "nowhere", "--query", "{image}", "--weights", "no.pth"],
            "no weights file no.pth",
        ),
        (["verify", "--img1", "{image}", "--img2", "{image}", "--embedder", "osnet_y"], "unknown model 'osnet_y'"),
        (["verify", "--img1", "a.jpg", "--img2", "b.jpg", "--json", "/nowhere/a.json"], "cannot be written there"),
    ],
)
def test_bad_input_is_reported_in_one_line_before_a_network_is_loaded(
    arguments: list[str], message: str, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "create_embedder", lambda *_, **__: pytest.fail("a network was loaded"))
    image = next(people.rglob("*.jpg"))
    with pytest.raises(UserError) as error:
        run_command(*(part.format(people=people, image=image) for part in arguments))
    assert message in str(error.value) and "\n" not in str(error.value)
