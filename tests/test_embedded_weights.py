"""The weights that come with the repository: small, checked, good enough for an honest demo, and seeing real people."""

import hashlib
import json
from itertools import islice
from pathlib import Path

import pytest
import yaml

from learning_reid.config.load import load_settings
from learning_reid.detection.registry import create_detector
from learning_reid.embedding.operating_point import load_operating_point
from learning_reid.pipeline import run_pipeline
from tools.weights.detector_evaluation import REAL_FRAMES, REAL_TRUTH, evaluate_detector, labeled_frames

LIMITS = {"detector": 10_000_000, "reid": 1_000_000}  # bytes: every clone carries them


@pytest.mark.parametrize("name", LIMITS)
def test_weights_are_small_and_match_their_card(repository, name):
    weights = repository / "src/learning_reid/weights" / f"{name}.safetensors"
    card = yaml.safe_load(weights.with_suffix(".yml").read_text(encoding="utf-8"))
    assert weights.stat().st_size == card["bytes"] <= LIMITS[name]
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == card["sha256"]
    assert card["recipe"]["seed"] is not None and card["figures_percent"] and card["not_for"] and card["licence"]
    assert len((repository / "src/learning_reid/weights" / f"{name}.log.csv").read_text().splitlines()) > 50


def test_the_reid_weights_have_thresholds_of_their_own():
    point = load_operating_point("osnet_x0_25", "embedded", "euclidean")
    assert 0 < point.search_threshold < point.pair_threshold < 1.4
    assert point.pair_far < 2 * point.pair_far_wanted and point.pair_tar > 0.3


@pytest.fixture(scope="module")
def demo(repository, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    run_pipeline(load_settings(repository / "confs" / "demo.yml", [f"output.folder={folder}", "input.max_frames=16"]))
    return folder


@pytest.mark.slow
def test_the_demo_finds_people_again(demo):
    truth = json.loads((demo / "summary.json").read_text())["truth"]
    assert truth["refind_rate"] >= 0.95
    assert truth["queries_scored"] >= 3


@pytest.mark.slow
def test_the_demo_writes_everything(demo):
    written = {path.name for path in demo.iterdir()}
    assert written == {"annotated.mp4", "ranking.png", "rankings.csv", "resolved.yml", "summary.json"}


@pytest.mark.slow
def test_the_detector_finds_the_walkers_of_the_demo(repository):
    settings = load_settings(repository / "confs" / "demo.yml")
    detector = create_detector(settings.detector.name, settings.detector.weights)
    scores = evaluate_detector(detector, labeled_frames(f"{settings.input.frames_path}:12"), "the demo")
    point = scores.at(0)  # the detector itself drops boxes below its score threshold
    assert point.recall >= 0.9
    assert point.precision >= 0.9


@pytest.mark.slow
def test_the_detector_sees_real_people(real_data):
    detector = create_detector("torchvision_frcnn", "embedded", min_score=0.02)
    frames = islice(labeled_frames(str(real_data / REAL_FRAMES), real_data / REAL_TRUTH), 0, None, 4)
    assert evaluate_detector(detector, frames, "real frames").ap50 >= 0.70
