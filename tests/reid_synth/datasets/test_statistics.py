"""Crop statistics against their definitions."""

import cv2
import numpy as np
import pytest

from reid_synth.datasets.statistics import measure_crop, measure_crops


def noisy(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (128, 64, 3)).astype(np.uint8)


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    image = noisy()
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)
    padded = np.pad(gray, 1, mode="reflect")
    slow = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * gray
    found = measure_crop(image)
    assert found.sharpness == pytest.approx(slow.var())
    assert found.contrast == pytest.approx(gray.std()) and found.brightness == pytest.approx(gray.mean())


def test_blur_lowers_sharpness_and_gray_has_no_color() -> None:
    image = noisy()
    soft = cv2.GaussianBlur(image, (0, 0), 1.5)
    assert measure_crop(soft).sharpness < 0.1 * measure_crop(image).sharpness
    assert measure_crop(np.repeat(image[..., :1], 3, axis=2)).saturation == 0 < measure_crop(image).saturation


def test_crops_of_different_sizes_are_comparable() -> None:
    image = cv2.GaussianBlur(noisy(), (0, 0), 3)
    large = cv2.resize(image, (128, 256), interpolation=cv2.INTER_LINEAR)
    assert measure_crop(large).height_px == 256
    assert measure_crop(large).sharpness == pytest.approx(measure_crop(image).sharpness, rel=0.4)


def test_ranges_are_percentiles() -> None:
    ranges = measure_crops(np.full((100, 50, 3), level, np.uint8) for level in range(101))
    assert ranges["brightness"] == pytest.approx((10.0, 50.0, 90.0))
    with pytest.raises(ValueError, match="no crops"):
        measure_crops([])
