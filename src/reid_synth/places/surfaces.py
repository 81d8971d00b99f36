"""Library of surfaces shared by all streets: ground reliefs, facades, trees and bushes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from reid_synth.places.facades import Facade, make_facade
from reid_synth.places.textures import (
    asphalt,
    concrete,
    grass,
    gravel,
    gray_color,
    leaves,
    paving,
    periodic_noise,
    stains_relief,
    tint,
)  # fmt: skip

PLANT_PIXELS_PER_METER = 40


@dataclass(frozen=True)
class Material:
    """A kind of ground and its relief."""

    kind: str
    relief: np.ndarray  # (TILE, TILE) or (TILE, TILE, 3) uint8, 128 = plain


@dataclass(frozen=True)
class Cutout:
    """An upright image that always faces the camera."""

    rgba: np.ndarray  # (h, w, 4) uint8, premultiplied
    px_per_m: float  # scale, pixels per meter

    @property
    def foot_xy(self) -> tuple[float, float]:
        """Bottom center of the image."""
        return self.rgba.shape[1] / 2, float(self.rgba.shape[0])


@dataclass(frozen=True)
class Plant(Cutout):
    """A tree or a bush."""

    tree: bool


@dataclass(frozen=True)
class Surfaces:
    """Library of materials, facades, plants and stains."""

    materials: tuple[Material, ...]
    facades: tuple[Facade, ...]
    plants: tuple[Plant, ...]
    stains: tuple[np.ndarray, ...]  # each (TILE, TILE) uint8, 128 = clean

    def material(self, rng: np.random.Generator, *kinds: str) -> Material:
        """Sample a material, of the given kinds or of any."""
        fitting = [m for m in self.materials if not kinds or m.kind in kinds]
        return fitting[int(rng.integers(len(fitting)))]


_MAKERS = {"asphalt": asphalt, "grass": grass, "gravel": gravel, "paving": paving, "concrete": concrete}


def make_surfaces(seed: int, per_kind: int = 6) -> Surfaces:
    """Make a library: `per_kind` reliefs of each ground, twice as many facades, four times as many plants."""
    rng = np.random.default_rng([seed, 77])
    materials = tuple(Material(kind, maker(rng)) for kind, maker in _MAKERS.items() for _ in range(per_kind))
    facades = tuple(make_facade(rng) for _ in range(2 * per_kind))
    plants = tuple(_make_bush(rng) if i % 2 else _make_tree(rng) for i in range(4 * per_kind))
    stains = tuple(stains_relief(rng) for _ in range(per_kind))
    return Surfaces(materials, facades, plants, stains)


def ground_color(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Sample a realistic color for a kind of ground, (3,) float32."""
    if kind == "grass":
        light = rng.uniform(60, 145)
        return np.array([light * rng.uniform(0.7, 1.05), light, light * rng.uniform(0.25, 0.6)], np.float32)
    if kind == "gravel":
        return rng.uniform(95, 185) * np.array([1.0, rng.uniform(0.85, 0.97), rng.uniform(0.65, 0.9)], np.float32)
    if kind == "paving" and rng.random() < 0.4:
        return rng.uniform(100, 190) * np.array([1.0, rng.uniform(0.65, 0.95), rng.uniform(0.5, 0.9)], np.float32)
    return gray_color(rng, 65, 190, cast=2.5)


def _foliage_color(rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.2:
        return rng.uniform(60, 150) * np.array([1.0, rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.45)], np.float32)
    return ground_color("grass", rng) * 0.75


def _make_tree(rng: np.random.Generator) -> Plant:
    height, width = int(rng.uniform(3, 7) * PLANT_PIXELS_PER_METER), int(rng.uniform(2, 5) * PLANT_PIXELS_PER_METER)
    rgba = np.zeros((height, width, 4), np.uint8)
    bark = (*gray_color(rng, 40, 100).tolist(), 255.0)
    thick = rng.uniform(0.08, 0.3) * PLANT_PIXELS_PER_METER
    fork = height * rng.uniform(0.4, 0.7)
    cv2.line(rgba, (width // 2, height), (width // 2, int(fork)), bark, max(1, int(thick)), cv2.LINE_AA)
    _paint_branch(rgba, rng, np.array([width / 2, fork + thick]), -np.pi / 2, height * 0.22, thick * 0.7, bark)
    if rng.random() < 0.75:
        crown = int(height * rng.uniform(0.5, 0.8))
        _paint_foliage(rgba[:crown], rng, roundness=2.0, hanging=True)
    return Plant(rgba, PLANT_PIXELS_PER_METER, tree=True)


def _paint_branch(
    rgba: np.ndarray,
    rng: np.random.Generator,
    start: np.ndarray,
    angle: float,
    length: float,
    thick: float,
    bark: tuple,
) -> None:
    end = start + length * np.array([np.cos(angle), np.sin(angle)])
    cv2.line(rgba, start.astype(int).tolist(), end.astype(int).tolist(), bark, max(1, round(thick)), cv2.LINE_AA)
    if length > 8:
        for side in (-1, 1, rng.normal(0, 0.3)):
            turn = angle + side * rng.uniform(0.25, 0.7)
            _paint_branch(rgba, rng, end, turn, length * rng.uniform(0.55, 0.8), thick * 0.6, bark)


def _make_bush(rng: np.random.Generator) -> Plant:
    height, width = (
        int(rng.uniform(0.5, 2.2) * PLANT_PIXELS_PER_METER),
        int(rng.uniform(0.8, 5) * PLANT_PIXELS_PER_METER),
    )
    rgba = np.zeros((height, width, 4), np.uint8)
    _paint_foliage(rgba, rng, roundness=float(rng.choice([2.0, 4.0, 8.0])))
    return Plant(rgba, PLANT_PIXELS_PER_METER, tree=False)


def _paint_foliage(rgba: np.ndarray, rng: np.random.Generator, roundness: float, hanging: bool = False) -> None:
    """Cover an image (h, w, 4) with leaves inside a ragged super-ellipse, free or resting on the lower edge."""
    height, width = rgba.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    edge = np.abs(x) ** roundness + np.abs(y if hanging else np.minimum(y, 0.3)) ** roundness
    inside = edge + 0.2 * periodic_noise(rng, height, width, 0.9) < 0.85
    color = tint(leaves(rng, height, width), _foliage_color(rng))
    rgba[inside, :3] = color[inside]
    rgba[inside, 3] = 255
