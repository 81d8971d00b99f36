"""`runtime.seed` decides the random numbers of the pipeline."""

from pathlib import Path

import numpy as np
import pytest
import supervision as sv

from learning_reid.config import load_settings
from learning_reid.detection.registry import DETECTORS
from learning_reid.pipeline import run_pipeline


class RandomDetector:
    """Finds two people at random places."""

    min_score = 0.0

    def __call__(self, frame: object) -> sv.Detections:
        corner = np.random.uniform(0, 100, (2, 2)).astype(np.float32)
        return sv.Detections(np.hstack([corner, corner + 60]), confidence=np.array([0.9, 0.8], np.float32))


@pytest.fixture
def random_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DETECTORS._loaded, "random", lambda *_, **__: RandomDetector())


def rankings(folder: Path, seed: int) -> str:
    settings = ["input.frames_path=synthetic:42:2", "detector.name=random", f"output.folder={folder}"]
    run_pipeline(load_settings(None, [*settings, f"runtime.seed={seed}"]))
    return (folder / "rankings.csv").read_text()


@pytest.mark.slow
def test_the_seed_decides_the_results_of_the_pipeline(random_detector: None, tmp_path: Path) -> None:
    np.random.seed(99)
    first = rankings(tmp_path / "a", seed=1)
    assert rankings(tmp_path / "b", seed=1) == first
    assert rankings(tmp_path / "c", seed=2) != first
