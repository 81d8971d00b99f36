"""Preprocessing of crops: one object, shared by training, inference and export.

Leaving out a step raises no error, it only makes embeddings worse: without ImageNet's mean and standard deviation, the
refind rate on real frames fell from 84 % to 68 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # of red, green, blue, in 0 to 1
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocessing:
    """Resize to height × width, scale to 0–1, subtract the mean and divide by the standard deviation of each color.

    Crops are resized with Pillow's antialiased bilinear filter, bit for bit what published ReID weights were tested
    with. OpenCV is four times faster and differs by one gray level in a fifth of the pixels, which turns embeddings by
    up to 2.6 degrees.

    Args:
        height, width: Input size of the model in pixels.
        mean, std: Of red, green and blue, on the scale 0–1.
    """

    height: int = 256
    width: int = 128
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Preprocess a batch.

        Args:
            crops: RGB images (h, w, 3) uint8 of any sizes.

        Returns:
            (n, 3, height, width) float32.

        Raises:
            ValueError: A crop is gray, has an alpha channel, is not uint8, or has no area.

        >>> Preprocessing()([np.zeros((80, 30, 3), np.uint8)]).shape
        (1, 3, 256, 128)
        """
        mean, std = (np.asarray(values)[:, None, None] for values in (self.mean, self.std))  # (3, 1, 1)
        scale, shift = (1 / (255 * std)).astype(np.float32), (mean / std).astype(np.float32)
        batch = np.empty((len(crops), 3, self.height, self.width), np.float32)
        for image, crop in zip(batch, crops, strict=True):
            image[:] = self.resize(crop).transpose(2, 0, 1)  # (h, w, 3) -> (3, h, w)
            image *= scale  # (x / 255 - mean) / std, as one multiplication and one subtraction
            image -= shift
        return batch

    def resize(self, crop: np.ndarray) -> np.ndarray:
        """Resize a crop (h, w, 3) uint8 to (height, width, 3) uint8, before the colors are normalized."""
        if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8 or crop.size == 0:
            raise ValueError(
                f"a crop must be RGB, (h, w, 3) uint8, with an area; this one is {crop.shape} {crop.dtype}"
            )
        resized = Image.fromarray(crop).resize((self.width, self.height), Image.Resampling.BILINEAR)
        return np.asarray(resized)
