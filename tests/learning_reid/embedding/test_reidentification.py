"""Re-identification on real frames, compared with torchreid's own extractor."""

from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from learning_reid.embedding.registry import create_embedder
from learning_reid.models.torchreid_models import quiet

EVERY = 5  # frames; all 200 give the same result in five times the time


@pytest.fixture(scope="module")
def people(real_data: Path) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Crops of the true boxes of every fifth frame, with frame number and identity."""
    folder = real_data / "frames" / "pets2009_s2l1"
    rows = np.loadtxt(folder / "gt.txt", delimiter=",")
    rows = rows[(rows[:, 6] != 0) & ((rows[:, 0] - 1) % EVERY == 0)]
    crops, kept = [], []
    for number in np.unique(rows[:, 0]):
        frame = cv2.cvtColor(
            cv2.imread(str(folder / "View_001" / f"frame_{int(number) - 1:04d}.jpg")), cv2.COLOR_BGR2RGB
        )
        for row in rows[rows[:, 0] == number]:
            x, y, width, height = row[2:6].round().astype(int)
            crop = frame[max(y, 0) : y + height, max(x, 0) : x + width]
            if crop.size:
                crops.append(crop)
                kept.append(row)
    table = np.array(kept)
    return crops, table[:, 0].astype(int), table[:, 1].astype(int)


def refind_rate(distances: np.ndarray, frames: np.ndarray, identities: np.ndarray) -> float:
    """Share of the later frames with a person of the first frame whose nearest crop is that person."""
    correct = []
    first = frames.min()
    for query in np.flatnonzero(frames == first):
        for frame in np.unique(frames[(identities == identities[query]) & (frames > first)]):
            here = np.flatnonzero(frames == frame)
            correct.append(identities[here[distances[query, here].argmin()]] == identities[query])
    return float(np.mean(correct))


@pytest.mark.slow
def test_refind_rate_is_at_least_as_high_as_with_torchreid(
    real_data: Path, people: tuple[list[np.ndarray], np.ndarray, np.ndarray], torchreid_models: ModuleType
) -> None:
    crops, frames, identities = people
    weights = str(real_data / "weights" / "osnet_x0_25_msmt17.pth")
    with quiet():
        from torchreid.reid.utils import FeatureExtractor

        extractor = FeatureExtractor("osnet_x0_25", weights, device="cpu", verbose=False)
        theirs = np.concatenate([extractor(np.ascontiguousarray(crop)).numpy() for crop in crops])
    ours = create_embedder("osnet_x0_25", weights)(crops)
    unit = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
    assert (ours * unit).sum(axis=1).min() >= 0.99999
    for features in (theirs, unit):  # their Euclidean distance, and their cosine
        expected = refind_rate(_euclidean(features), frames, identities)
        assert refind_rate(_euclidean(ours), frames, identities) >= expected
        assert refind_rate(1 - ours @ ours.T, frames, identities) >= expected


def _euclidean(features: np.ndarray) -> np.ndarray:
    return np.linalg.norm(features[:, None] - features[None], axis=2)
