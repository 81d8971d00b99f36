"""The verification raises when it should."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from learning_reid.datasets.layouts import open_dataset
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.errors import UserError
from learning_reid.export.verify import (
    AccuracyChange,
    Parity,
    check_accuracy,
    check_crops,
    check_parity,
    compare_accuracy,
    compare_features,
    random_images,
)


class Pixels:
    """An embedder that returns a corner of the image, with an error in some rows."""

    preprocessing, dimension = Preprocessing(8, 4), 12

    def __init__(self, wrong_from: int = 99, error: float = 0.0) -> None:
        self.wrong_from, self.error = wrong_from, error

    def __call__(self, crops: object) -> np.ndarray:
        rows = np.stack([crop[:2, :2].ravel().astype(np.float32) + 1 for crop in crops])  # type: ignore[attr-defined]
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        rows[self.wrong_from :, 0] += self.error
        return rows


def test_parity_is_measured_in_batches_of_1_2_and_17() -> None:
    parity = compare_features(Pixels(), Pixels(wrong_from=2, error=0.5), random_images(8, 4), "random")
    assert parity.difference[1] == parity.difference[2] == 0 and parity.difference[17] == pytest.approx(0.5)
    with pytest.raises(UserError, match="not the original one"):
        check_parity(parity, int8=False)
    check_parity(compare_features(Pixels(), Pixels(), random_images(8, 4), "random"), int8=False)


def test_nan_does_not_pass() -> None:
    with pytest.raises(UserError):
        check_parity(compare_features(Pixels(), Pixels(0, float("nan")), random_images(8, 4), "random"), int8=False)
    with pytest.raises(UserError):
        check_accuracy(AccuracyChange(0.5, float("nan"), 3), 1.5)


def test_int8_is_verified_on_real_images() -> None:
    check_parity(Parity("random", {1: 0.3}, 0.2), int8=True)
    with pytest.raises(UserError):
        check_parity(Parity("random", {1: 0.3}, float("nan")), int8=True)
    with pytest.raises(UserError, match="calibrate on images like those"):
        check_parity(Parity("real", {1: 0.3}, 0.2), int8=True)


def test_the_gate_counts_points_of_map() -> None:
    check_accuracy(AccuracyChange(0.500, 0.496, 10), 0.5)
    check_accuracy(AccuracyChange(0.500, 0.600, 10), 0.0)
    with pytest.raises(UserError, match=r"fell by 1\.6 points, from 50\.0 to 48\.4"):
        check_accuracy(AccuracyChange(0.500, 0.484, 10), 1.5)


def test_accuracy_is_measured_by_the_protocol(generated_market: Path) -> None:
    crops = open_dataset("market1501", generated_market)
    one_camera = replace(
        crops, samples=[replace(sample, split="unsplit") for sample in crops.samples if sample.camera_id == "1"]
    )
    with pytest.raises(UserError, match="no query has a true match by the protocol market1501"):
        check_crops(one_camera)
    check_crops(one_camera, "single-camera")
    measured = compare_accuracy(Pixels(), Pixels(), one_camera, "single-camera")
    assert measured.queries > 0 and 0 <= measured.before == measured.after <= 1
