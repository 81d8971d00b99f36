"""`calibrate` stores a threshold beside the weights, and the pipeline rejects unknown people with it."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image

from learning_reid.config.load import load_settings
from learning_reid.errors import UserError
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from learning_reid.pipeline import run_pipeline
from tests.learning_reid.cli.run_cli import run_command


@pytest.fixture(scope="module")
def weights(generated_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the embedded weights, calibrated on generated people."""
    file = tmp_path_factory.mktemp("weights") / "mine.safetensors"
    shutil.copy(EMBEDDED_WEIGHTS / "reid.safetensors", file)
    printed = run_command(
        "calibrate", "--root", generated_market, "--weights", file, "--far", 0.1, "--search-far", 0.25
    )
    assert str(file.with_name("mine.safetensors.threshold.yml")) in printed and "FPR@95" in printed
    return file


def test_the_threshold_and_its_plot_are_beside_the_weights(weights: Path) -> None:
    point = yaml.safe_load(weights.with_name("mine.safetensors.threshold.yml").read_text())
    assert point["embedder"] == "osnet_x0_25" and point["metric"] == "euclidean" and point["persons"] == [4, 4]
    assert 0 < point["search_threshold"] < 2 and 0 < point["pair_threshold"] < 2
    assert Image.open(weights.with_name("mine.safetensors.threshold.png")).size[0] > 500


def test_out_names_the_file_and_threshold_uses_it(weights: Path, generated_market: Path, tmp_path: Path) -> None:
    alone, out = tmp_path / "alone.safetensors", tmp_path / "mine.yml"
    shutil.copy(weights, alone)
    fars = ("--far", 0.1, "--search-far", 0.25)
    run_command("calibrate", "--root", generated_market, "--weights", alone, *fars, "--out", out)
    point = yaml.safe_load(out.read_text())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["alone.safetensors", "mine.png", "mine.yml"]
    first, second, *_ = sorted((generated_market / "query").glob("*.jpg"))
    images = ("--img1", first, "--img2", second, "--weights", alone, "--json", tmp_path / "a.json")
    for threshold, distance in (((), None), (("--threshold", out), point["pair_threshold"])):
        run_command("verify", *images, *threshold)
        values = json.loads((tmp_path / "a.json").read_text())
        assert values["threshold"] == distance and (values["same_person"] is None) == (distance is None)
    assert all(text in values["threshold_origin"] for text in (point["data"], point["date"], str(out)))


def test_calibration_of_weights_in_a_shared_folder_leaves_it_unchanged(
    weights: Path, generated_market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shutil.copy(weights, shared)
    shared.chmod(0o777)
    monkeypatch.setenv("LEARNING_REID_HOME", str(tmp_path / "own"))
    fars = ("--far", 0.1, "--search-far", 0.25)
    run_command("calibrate", "--root", generated_market, "--weights", shared / weights.name, *fars)
    assert [file.name for file in shared.iterdir()] == [weights.name]
    (file,) = (tmp_path / "own/data/thresholds").glob("*.yml")
    first, *_ = sorted((generated_market / "query").glob("*.jpg"))
    pair = ("--img1", first, "--img2", first, "--weights", shared / weights.name, "--json", tmp_path / "a.json")
    run_command("verify", *pair)
    assert str(file) in json.loads((tmp_path / "a.json").read_text())["threshold_origin"]


def run_demo(folder: Path, *overrides: str) -> dict:
    own = [f"output.folder={folder}", "input.frames_path=synthetic:42:4", *overrides]
    config = Path(__file__).resolve().parents[3] / "confs" / "demo.yml"
    run_pipeline(load_settings(config, own))
    return json.loads((folder / "summary.json").read_text())


@pytest.mark.slow
def test_the_pipeline_uses_the_threshold(weights: Path, tmp_path: Path) -> None:
    file = weights.with_name("mine.safetensors.threshold.yml")
    point = yaml.safe_load(file.read_text())
    accepted = {}
    for threshold in (1e-4, 2.0):
        file.write_text(yaml.safe_dump(point | {"search_threshold": threshold}))
        summary = run_demo(tmp_path, f"embedder.weights={weights}", "ranking.reject_above=calibrated")
        accepted[threshold] = [query["best_match"] is not None for query in summary["query"]]
    assert not any(accepted[1e-4]) and all(accepted[2.0])


def test_without_a_calibration_the_error_names_the_command(weights: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.safetensors"
    shutil.copy(weights, alone)
    with pytest.raises(UserError, match="run: main.py calibrate"):
        run_demo(tmp_path / "out", f"embedder.weights={alone}", "ranking.reject_above=calibrated")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--far", "1e-6"], "--far 1e-06 means one in 1000000"),
        (["--plot", "/nowhere/a.png"], "cannot be written there"),
        (["--out", "/nowhere/a.yml"], "cannot be written there"),
        (["--protocol", "single-camera", "--query-camera", "9"], "no camera '9'"),
    ],
)
def test_a_problem_is_reported_in_one_line(
    arguments: list[str], message: str, weights: Path, generated_market: Path
) -> None:
    with pytest.raises(UserError) as error:
        run_command("calibrate", "--root", generated_market, "--weights", weights, *arguments)
    assert message in str(error.value) and "\n" not in str(error.value)
