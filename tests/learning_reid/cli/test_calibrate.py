"""`calibrate` keeps a threshold beside the weights, and the walk-through refuses strangers by it."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image

from learning_reid.config.load import load_settings
from learning_reid.errors import UserError
from learning_reid.pipeline import run_pipeline
from tests.learning_reid.cli.run_cli import run_command


@pytest.fixture(scope="module")
def weights(repository: Path, generated_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the embedded weights, calibrated on generated people."""
    file = tmp_path_factory.mktemp("weights") / "mine.safetensors"
    shutil.copy(repository / "weights/reid.safetensors", file)
    printed = run_command("calibrate", "--root", generated_market, "--weights", file, "--far", 0.1, "--search-far", 0.25)
    assert str(file.with_name("mine.safetensors.threshold.yml")) in printed and "FPR@95" in printed
    return file


def test_the_threshold_and_its_picture_lie_beside_the_weights(weights: Path) -> None:
    point = yaml.safe_load(weights.with_name("mine.safetensors.threshold.yml").read_text())
    assert point["embedder"] == "osnet_x0_25" and point["metric"] == "euclidean" and point["persons"] == [4, 4]
    assert 0 < point["search_threshold"] < 2 and 0 < point["pair_threshold"] < 2
    assert Image.open(weights.with_name("mine.safetensors.threshold.png")).size[0] > 500


def walk(folder: Path, *overrides: str) -> dict:
    own = [f"output.folder={folder}", "input.frames_path=synthetic:42:12", *overrides]
    config = Path(__file__).resolve().parents[3] / "confs" / "demo.yml"
    run_pipeline(load_settings(config, own))
    return json.loads((folder / "summary.json").read_text())


def test_the_walk_through_uses_it(weights: Path, tmp_path: Path) -> None:
    file = weights.with_name("mine.safetensors.threshold.yml")
    point = yaml.safe_load(file.read_text())
    answers = {}
    for threshold in (1e-4, 2.0):
        file.write_text(yaml.safe_dump(point | {"search_threshold": threshold}))
        summary = walk(tmp_path, f"embedder.weights={weights}", "ranking.reject_above=calibrated")
        answers[threshold] = [query["best_match"] is not None for query in summary["query"]]
    assert not any(answers[1e-4]) and all(answers[2.0])


def test_without_a_calibration_the_walk_through_tells_the_command(weights: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.safetensors"
    shutil.copy(weights, alone)
    with pytest.raises(UserError, match="run: main.py calibrate"):
        walk(tmp_path / "out", f"embedder.weights={alone}", "ranking.reject_above=calibrated")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--far", "1e-6"], "--far 1e-06 means one in 1000000"),
        (["--picture", "/nowhere/a.png"], "cannot be written there"),
        (["--protocol", "single-camera", "--query-camera", "9"], "no camera '9'"),
    ],
)
def test_a_wrong_wish_is_told_in_a_line(arguments: list[str], said: str, weights: Path, generated_market: Path) -> None:
    with pytest.raises(UserError) as caught:
        run_command("calibrate", "--root", generated_market, "--weights", weights, *arguments)
    assert said in str(caught.value) and "\n" not in str(caught.value)
