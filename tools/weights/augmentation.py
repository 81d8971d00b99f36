"""Random augmentation of whole batches on tensors: mirror, shift, zoom, colors, and hidden rectangles."""

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(images: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Augment each image of a batch in its own way, and resize the batch in the same resampling step.

    Args:
        images: (n, 3, h, w) float32 in 0–1, RGB.
        height: Of the result, pixels.
        width: Of the result, pixels.
        generator: Source of randomness.

    Returns:
        (n, 3, height, width) float32 in 0–1.
    """
    return _erase(_jitter_color(_resample(images, height, width, generator), generator), generator)


def _resample(images: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Mirror half of the images, zoom by about 8 %, shift by about 5 %, shear a little."""
    count = len(images)
    zoom = 1 + 0.08 * _truncated_normal((count, 2), generator)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0] = zoom[:, 0] * mirror
    matrix[:, 1, 1] = zoom[:, 1]
    matrix[:, 0, 1] = 0.02 * _truncated_normal((count,), generator)
    matrix[:, :, 2] = 0.05 * _truncated_normal((count, 2), generator)
    grid = F.affine_grid(matrix, [count, 3, height, width], align_corners=False)  # (n, height, width, 2)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _jitter_color(images: Tensor, generator: torch.Generator) -> Tensor:
    """Change white balance, exposure, contrast and saturation; turn a few images gray."""
    count = len(images)

    def gain(deviation: float, channels: int = 1) -> Tensor:
        return torch.exp(deviation * _truncated_normal((count, channels, 1, 1), generator))

    images = images * gain(0.04, channels=3) * gain(0.1)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = (images - mean) * gain(0.1) + mean
    gray = images.mean(dim=1, keepdim=True)
    saturation = gain(0.15)
    saturation[torch.rand(count, generator=generator) < 0.02] = 0
    return (gray + (images - gray) * saturation).clamp(0, 1)


def _erase(images: Tensor, generator: torch.Generator) -> Tensor:
    """Hide a rectangle in every third image: random erasing (Zhong et al. 2017, arXiv 1708.04896)."""
    count, _, height, width = images.shape
    hidden = torch.rand(count, generator=generator) < 0.33
    share = torch.rand(count, 4, generator=generator)  # height, width, top, left
    for index in hidden.nonzero()[:, 0].tolist():
        tall, wide = int(height * (0.08 + 0.3 * share[index, 0])), int(width * (0.15 + 0.5 * share[index, 1]))
        top, left = int((height - tall) * share[index, 2]), int((width - wide) * share[index, 3])
        if share[index, 0] < 0.5:
            patch = torch.rand(3, 1, 1, generator=generator).expand(3, tall, wide)
        else:
            patch = torch.rand(3, tall, wide, generator=generator)
        images[index, :, top : top + tall, left : left + wide] = patch
    return images


def _truncated_normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw standard normal numbers, clamped to ±2 so that nothing is shifted out of the image."""
    return torch.randn(shape, generator=generator).clamp(-2, 2)
