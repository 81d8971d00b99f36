"""Image statistics of crops, to compare synthetic with real ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np

_SIZE = (64, 128)  # width, height to which crops of all sizes are resized


class CropStatistics(NamedTuple):
    """Five statistics of one crop; all but the height are measured on its copy of 128 × 64 pixels."""

    sharpness: float  # variance of the Laplacian of the gray levels
    contrast: float  # standard deviation of the gray levels, 0–255
    brightness: float  # mean gray level, 0–255
    saturation: float  # mean saturation (HSV), 0–255
    height_px: float  # height of the original crop


class Range(NamedTuple):
    """Median and central 80 % of many values."""

    low: float  # 10th percentile
    median: float
    high: float  # 90th percentile


def measure_crop(image: np.ndarray) -> CropStatistics:
    """Measure the statistics of a crop.

    Args:
        image: (h, w, 3) uint8 RGB.

    Example:
        >>> gray = np.full((100, 50, 3), 90, np.uint8)
        >>> measure_crop(gray)
        CropStatistics(sharpness=0.0, contrast=0.0, brightness=90.0, saturation=0.0, height_px=100.0)
    """
    method = cv2.INTER_AREA if image.shape[0] > _SIZE[1] else cv2.INTER_LINEAR
    small = cv2.resize(image, _SIZE, interpolation=method)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    saturation = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)[..., 1]
    return CropStatistics(
        sharpness=float(cv2.Laplacian(gray, cv2.CV_64F).var()),
        contrast=float(gray.std()),
        brightness=float(gray.mean()),
        saturation=float(saturation.mean()),
        height_px=float(image.shape[0]),
    )


def measure_crops(images: Iterable[np.ndarray]) -> dict[str, Range]:
    """Compute the range of each statistic over many crops, by name.

    Args:
        images: Each (h, w, 3) uint8 RGB.

    Raises:
        ValueError: There are no crops.
    """
    rows = np.array([measure_crop(image) for image in images])
    if len(rows) == 0:
        raise ValueError("no crops to measure")
    edges = np.percentile(rows, [10, 50, 90], axis=0)
    return {name: Range(*edges[:, i].tolist()) for i, name in enumerate(CropStatistics._fields)}
