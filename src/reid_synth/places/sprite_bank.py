"""Bank of pre-rendered people on disk, so that composing a training street takes milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from reid_synth.people.person import Person, near_copy, sample_person
from reid_synth.people.poses import sample_posture
from reid_synth.people.rendering import Light, Sprite, render_person
from reid_synth.worker_pool import WorkerPool

PIXELS_PER_METER = 96.0
_CHUNK = 50  # people per task; a near-copy follows its original within one task


@dataclass(frozen=True)
class SpriteBank:
    """Sprites of people from every side, sorted by viewing tilt.

    Attributes:
        pixels: (total, 4) uint8, concatenated pixels of all sprites, premultiplied RGBA.
        starts: (n,) int64, offset of each sprite in `pixels`.
        sizes: (n, 2) int64, height and width of each sprite.
        feet: (n, 2) float32, ground point between the feet, sprite pixels.
        tilts: (n,) float32 radians, ascending.
    """

    pixels: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray
    feet: np.ndarray
    tilts: np.ndarray

    def __len__(self) -> int:
        return len(self.tilts)

    def sprite(self, index: int) -> Sprite:
        """Return the sprite with an index."""
        height, width = self.sizes[index].tolist()
        start = int(self.starts[index])
        rgba = self.pixels[start : start + height * width].reshape(height, width, 4)
        return Sprite(rgba, (float(self.feet[index, 0]), float(self.feet[index, 1])))

    def draw(self, tilt: float, rng: np.random.Generator) -> Sprite:
        """Sample a sprite among the tenth of the bank that is nearest to a viewing tilt."""
        window = max(1, len(self) // 20)
        middle = int(np.searchsorted(self.tilts, tilt))
        low = int(np.clip(middle - window, 0, max(0, len(self) - 2 * window)))
        return self.sprite(int(rng.integers(low, min(len(self), low + 2 * window))))


def load_sprite_bank(folder: Path, count: int, seed: int, workers: int = 1, *, active: bool = False) -> SpriteBank:
    """Load the bank of `count` sprites from `folder`; render it first if it is missing (about 6 ms per sprite)."""
    path = folder / f"{'active_' if active else ''}sprites_{count}_{seed}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez(part, **vars(render_sprite_bank(count, seed, workers, active=active)))
        part.rename(path)
    with np.load(path) as stored:
        return SpriteBank(**{name: stored[name] for name in stored.files})


def render_sprite_bank(count: int, seed: int, workers: int = 1, *, active: bool = False) -> SpriteBank:
    """Render `count` people with random pose, heading, tilt and light; depends only on count, seed and `active`.

    Args:
        count: Number of people.
        seed: Seed of all of them.
        workers: Number of processes.
        active: Whether a third of them run, sit, bend, crouch or stand wide; otherwise all walk or stand.
    """
    chunks = [(seed, first, min(_CHUNK, count - first), active) for first in range(0, count, _CHUNK)]
    sprites: list[tuple[float, Sprite]] = []
    with (
        WorkerPool(workers) as pool,
        tqdm(total=count, desc="rendering people", unit="person", disable=count < 200) as progress,
    ):
        for part in pool.map(_render_chunk, chunks):
            sprites += part
            progress.update(len(part))
    return _pack(sprites)


def _render_chunk(seed: int, first: int, count: int, active: bool) -> list[tuple[float, Sprite]]:
    sprites: list[tuple[float, Sprite]] = []
    person: Person | None = None
    for index in range(first, first + count):
        rng = np.random.default_rng([seed, index])
        person = near_copy(person, rng) if person and rng.random() < 0.2 else sample_person(rng)
        tilt = float(np.clip(abs(rng.normal(0.0, 0.38)), 0, 1.0))
        sprite = render_person(
            person,
            phase=rng.uniform(0, 2 * np.pi),
            heading=rng.uniform(-np.pi, np.pi),
            tilt=tilt,
            pixels_per_meter=PIXELS_PER_METER,
            rng=rng,
            light=Light(right=rng.uniform(-0.9, 0.9), up=rng.uniform(0.2, 0.9), ambient=rng.uniform(0.4, 0.85)),
            **{"gait_amplitude": 1.0 if rng.random() < 0.75 else rng.uniform(0, 0.5)}
            | (_sample_activity(rng) if active else {}),
        )
        sprites.append((tilt, sprite))
    return sprites


def _sample_activity(rng: np.random.Generator) -> dict[str, Any]:
    """Sample arguments of `render_person` for a runner or a posture; none for two thirds of the people."""
    kind = rng.random()
    if kind < 0.1:
        return {"gait_amplitude": rng.uniform(1.4, 2.0)}
    return {"posture": sample_posture(rng)} if kind < 0.33 else {}


def _pack(sprites: list[tuple[float, Sprite]]) -> SpriteBank:
    sprites = sorted(sprites, key=lambda item: item[0])
    sizes = np.array([sprite.rgba.shape[:2] for _, sprite in sprites], np.int64)
    areas = sizes.prod(axis=1)
    return SpriteBank(
        pixels=np.concatenate([sprite.rgba.reshape(-1, 4) for _, sprite in sprites]),
        starts=np.cumsum(areas) - areas,
        sizes=sizes,
        feet=np.array([sprite.foot_xy for _, sprite in sprites], np.float32),
        tilts=np.array([tilt for tilt, _ in sprites], np.float32),
    )
