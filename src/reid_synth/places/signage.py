"""Notices, shop signs and posters with random lettering and images."""

from __future__ import annotations

import cv2
import numpy as np

from reid_synth.places.textures import paint_color, periodic_noise, tint

_LETTERS = list("ABCDEFGHIKLMNOPRSTUVWXZ")
_ACROSS = 96  # width of a notice, pixels


def lettering(
    image: np.ndarray, rng: np.random.Generator, box_xyxy: tuple[int, int, int, int], ink: np.ndarray
) -> None:
    """Write one line of random letters that fills a box of an image (h, w, c)."""
    left, top, right, bottom = box_xyxy
    word = "".join(rng.choice(_LETTERS, int(rng.integers(3, 11))))
    scale = (bottom - top) / 22
    (width, _), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    scale *= min(1.0, (right - left) / max(width, 1))
    thick = max(1, round(2.4 * scale))
    color = (*np.clip(ink, 0, 255).tolist(), 255.0)
    cv2.putText(image, word, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, scale, color, thick, cv2.LINE_AA)


def notice(rng: np.random.Generator, shape: float) -> np.ndarray:
    """Make a notice with border, symbol and lines of text, (h, w, 4) uint8; `shape` is height over width."""
    width, height = _ACROSS, max(24, int(_ACROSS * shape))
    paper, ink = _contrasting(rng)
    image = np.full((height, width, 4), 255, np.uint8)
    image[..., :3] = paper
    if rng.random() < 0.7:
        edge = int(rng.integers(2, 7))
        cv2.rectangle(
            image, (edge, edge), (width - edge, height - edge), (*ink.tolist(), 255.0), int(rng.integers(1, 5))
        )
    top = 10
    if height > 60 and rng.random() < 0.6:
        top = int(height * rng.uniform(0.4, 0.7))
        _symbol(image, rng, (width // 2, top // 2 + 2), top * 0.32, ink)
    line = int(np.clip(height / rng.uniform(3, 9), 8, 26))
    while top + line < height - 6:
        lettering(image, rng, (12, top, width - int(rng.integers(12, 40)), top + line - 4), ink)
        top += line
    return image


def poster(rng: np.random.Generator, figure: np.ndarray | None) -> np.ndarray:
    """Make a poster with an image or a person and a slogan, (h, w, 4) uint8.

    Args:
        rng: Source of randomness.
        figure: (h, w, 4) uint8 premultiplied, sprite of a person, shown whole or from the knees, waist or chest up.
    """
    paper, ink = _contrasting(rng)
    height, width = 180, int(180 * rng.uniform(0.5, 0.9))
    image = np.full((height, width, 4), 255, np.uint8)
    image[..., :3] = tint(np.clip(128 + 30 * periodic_noise(rng, height, width, 1.8), 0, 255).astype(np.uint8), paper)
    if rng.random() < 0.5:
        image[int(height * rng.uniform(0.4, 0.8)) :, :, :3] = paint_color(rng)
    if figure is not None:
        _print_figure(image, rng, figure)
    for top in rng.choice([6, height - 40, height - 70], int(rng.integers(1, 3)), replace=False):
        lettering(image, rng, (6, int(top), width - 6, int(top) + int(rng.integers(14, 30))), ink)
    if rng.random() < 0.6:
        frame = (*paint_color(rng).tolist(), 255.0)
        cv2.rectangle(image, (0, 0), (width - 1, height - 1), frame, int(rng.integers(4, 14)))
    return image


def _print_figure(image: np.ndarray, rng: np.random.Generator, figure: np.ndarray) -> None:
    shown = figure[: int(figure.shape[0] * rng.choice([0.3, 0.5, 0.75, 1.0], p=[0.3, 0.25, 0.15, 0.3]))]
    zoom = min(image.shape[0] * rng.uniform(0.6, 0.95) / shown.shape[0], 0.95 * image.shape[1] / shown.shape[1])
    small = cv2.resize(shown, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    top = image.shape[0] - height
    left = int(rng.integers(0, image.shape[1] - width + 1))
    window = image[top:, left : left + width, :3]
    window[:] = cv2.add(
        cv2.multiply(window, cv2.merge([255 - small[..., 3]] * 3), scale=1 / 255), small[..., :3].copy()
    )


def _contrasting(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sample colors of paper and ink with enough contrast."""
    paper = paint_color(rng)
    ink = np.full(3, 245.0) if paper.mean() < 120 else np.full(3, 25.0)
    return paper, ink if rng.random() < 0.7 else np.clip(paint_color(rng) * 0.5 + ink * 0.5, 0, 255)


def _symbol(image: np.ndarray, rng: np.random.Generator, center: tuple[int, int], size: float, ink: np.ndarray) -> None:
    """Paint a disc, a triangle, a bar or an arrow."""
    color = (*np.clip(ink if rng.random() < 0.5 else paint_color(rng), 0, 255).tolist(), 255.0)
    kind, radius = int(rng.integers(4)), max(3, int(size))
    if kind == 0:
        cv2.circle(image, center, radius, color, -1 if rng.random() < 0.5 else max(2, radius // 4), cv2.LINE_AA)
        return
    shape = (
        np.array([(0, -1), (0.9, 0.8), (-0.9, 0.8)]),
        np.array([(-0.3, -1), (0.3, -1), (0.3, 1), (-0.3, 1)]),
        np.array([(0, -1), (0.8, 0), (0.3, 0), (0.3, 1), (-0.3, 1), (-0.3, 0), (-0.8, 0)]),
    )[kind - 1]
    cv2.fillPoly(image, [np.round(shape * radius + center).astype(np.int32)], color, cv2.LINE_AA)
