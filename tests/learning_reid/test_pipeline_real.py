"""On real frames the pipeline re-identifies people at least as often as torchreid's feature extractor."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.config.load import load_settings
from learning_reid.detection.crops import crop_image
from learning_reid.frames.images import read_image
from learning_reid.frames.mot import read_mot
from learning_reid.pipeline import run_pipeline

FRAMES = 60
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def real_crops(real_data: Path) -> tuple[list[np.ndarray], np.ndarray]:
    """Crops of the ground-truth boxes of the real frames, with (frame, person) for each."""
    gt = read_mot(real_data / "frames/pets2009_s2l1/gt.txt")
    crops, ids = [], []
    for index in range(FRAMES):
        image = read_image(real_data / f"frames/pets2009_s2l1/View_001/frame_{index:04d}.jpg")
        rows = gt.at(index)
        for box, person, score in zip(rows.boxes_xyxy, rows.person_id, rows.score, strict=True):
            crop = crop_image(image, box)
            if score and crop is not None:
                crops.append(crop)
                ids.append((index, int(person)))
    return crops, np.array(ids)


def plain_loop(features: np.ndarray, ids: np.ndarray) -> float:
    """Compute refind_rate in a plain loop over frames, with the people of frame 0 as queries."""
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    rates = []
    for query in np.flatnonzero(ids[:, 0] == 0):
        hits = frames = 0
        for frame in range(1, FRAMES):
            here = np.flatnonzero(ids[:, 0] == frame)
            if ids[query, 1] in ids[here, 1]:
                nearest = here[np.argmin(np.linalg.norm(features[here] - features[query], axis=1))]
                hits, frames = hits + (ids[nearest, 1] == ids[query, 1]), frames + 1
        if frames:
            rates.append(hits / frames)
    return float(np.mean(rates))


@pytest.fixture(scope="module")
def torchreid_rate(real_data: Path, real_crops: tuple[list[np.ndarray], np.ndarray]) -> float:
    """refind_rate of torchreid's extractor on these crops."""
    from torchreid.reid.utils import FeatureExtractor

    weights = str(real_data / "weights/osnet_x0_25_msmt17.pth")
    crops, ids = real_crops
    extract = FeatureExtractor("osnet_x0_25", weights, device="cpu", verbose=False)
    features = np.concatenate([extract(crops[start : start + 16]).numpy() for start in range(0, len(crops), 16)])
    return plain_loop(features, ids)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_reidentification_rate_is_at_least_as_high_as_with_torchreid(
    real_data: Path, torchreid_rate: float, tmp_path: Path, metric: str
) -> None:
    gt = real_data / "frames/pets2009_s2l1/gt.txt"
    overrides = [
        f"input.frames_path={gt.parent / 'View_001'}",
        f"input.truth={gt}",
        "input.query_detection=all",
        f"input.max_frames={FRAMES}",
    ]
    overrides += ["detector.name=mot_file", f"detector.weights={gt}"]
    overrides += [f"embedder.weights={real_data / 'weights/osnet_x0_25_msmt17.pth'}", f"ranking.metric={metric}"]
    summary = run_pipeline(load_settings(None, [*overrides, f"output.folder={tmp_path}"]))
    assert summary.truth is not None and summary.truth.queries_scored == 3
    assert summary.frames == FRAMES
    assert summary.truth.refind_rate >= torchreid_rate > 0.5
