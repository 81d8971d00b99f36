"""Changes that leave a person the same person: mirror, shift, zoom, other colours, a hidden patch.

One call augments a whole batch, each picture in its own way.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(pictures: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Augment a batch and bring it to the network's size in one resampling step.

    Args:
        pictures: (n, 3, h, w) float32 in 0–1, RGB.
        height: of the result, pixels.
        width: of the result, pixels.
        generator: source of randomness.

    Returns:
        (n, 3, height, width) float32 in 0–1.
    """
    pictures = _resample(pictures, height, width, generator)
    return _erase(_recolour(pictures, generator), generator)


def _resample(pictures: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Mirror half of the pictures, zoom by about 8 %, shift by about 5 %, lean a little."""
    count = len(pictures)
    zoom = 1 + 0.08 * _normal((count, 2), generator)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    place = torch.zeros(count, 2, 3)
    place[:, 0, 0] = zoom[:, 0] * mirror
    place[:, 1, 1] = zoom[:, 1]
    place[:, 0, 1] = 0.02 * _normal((count,), generator)
    place[:, :, 2] = 0.05 * _normal((count, 2), generator)
    grid = F.affine_grid(place, [count, 3, height, width], align_corners=False)  # (n, height, width, 2)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _recolour(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Another camera's white balance, exposure, contrast and saturation; now and then no colour at all."""
    count = len(pictures)

    def gain(deviation: float, channels: int = 1) -> Tensor:
        return torch.exp(deviation * _normal((count, channels, 1, 1), generator))

    pictures = pictures * gain(0.04, channels=3) * gain(0.1)
    middle = pictures.mean(dim=(1, 2, 3), keepdim=True)
    pictures = (pictures - middle) * gain(0.1) + middle
    grey = pictures.mean(dim=1, keepdim=True)
    colourful = gain(0.15)
    colourful[torch.rand(count, generator=generator) < 0.02] = 0
    return (grey + (pictures - grey) * colourful).clamp(0, 1)


def _erase(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Random erasing (Zhong et al. 2017, arXiv 1708.04896): hide a rectangle of every third picture."""
    count, _, height, width = pictures.shape
    hidden = torch.rand(count, generator=generator) < 0.33
    share = torch.rand(count, 4, generator=generator)  # height, width, top, left
    for index in hidden.nonzero()[:, 0].tolist():
        tall, wide = int(height * (0.08 + 0.3 * share[index, 0])), int(width * (0.15 + 0.5 * share[index, 1]))
        top, left = int((height - tall) * share[index, 2]), int((width - wide) * share[index, 3])
        if share[index, 0] < 0.5:
            patch = torch.rand(3, 1, 1, generator=generator).expand(3, tall, wide)
        else:
            patch = torch.rand(3, tall, wide, generator=generator)
        pictures[index, :, top : top + tall, left : left + wide] = patch
    return pictures


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Standard normal numbers, cut at ±2 so that no picture is thrown out of its frame."""
    return torch.randn(shape, generator=generator).clamp(-2, 2)
