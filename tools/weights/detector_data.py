"""Training data of the detector: streets generated once into a cache, then cut, scaled, turned and photographed anew.

The cache holds the streets before any camera saw them; each time one is used, another camera's response is drawn.
A batch is a pure function of (seed, step): interrupted training goes on with exactly the batches it would have had.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from tqdm.auto import tqdm

from reid_synth.camera import sample_camera_response
from reid_synth.places.sprite_bank import SpriteBank, load_sprite_bank
from reid_synth.places.street import MIN_VISIBILITY, compose_street
from reid_synth.places.surfaces import Surfaces, make_surfaces
from reid_synth.worker_pool import WorkerPool

CROP_WIDTH, CROP_HEIGHT = 384, 288
_JPEG_QUALITY = 96  # of the cache: no visible loss, a tenth of the size
_CHUNK = 25  # streets made by one task
_MIN_HEIGHT_PX, _MIN_WIDTH_PX = 12, 3  # smaller people teach nothing


class Sample(NamedTuple):
    """One picture to train on."""

    image: np.ndarray  # (h, w, 3) uint8 RGB
    boxes_xyxy: np.ndarray  # (n, 4) float32 pixels


@dataclass(frozen=True)
class StreetCache:
    """Generated streets on disk.

    Attributes:
        data: (bytes,) uint8, the JPEG files one after the other, memory-mapped.
        data_ends: (streets,) int64, where each ends.
        boxes: (m, 5) float32, xyxy and visibility of everybody in every street.
        box_ends: (streets,) int64, where each street's boxes end.
    """

    data: np.ndarray
    data_ends: np.ndarray
    boxes: np.ndarray
    box_ends: np.ndarray

    def __len__(self) -> int:
        return len(self.data_ends)

    def __getitem__(self, index: int) -> Sample:
        """A street as it is before any camera, with the boxes of those who can be seen."""
        image, boxes, visibility = self.street(index)
        return Sample(image, boxes[visibility >= MIN_VISIBILITY])

    def street(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A street before any camera: image (h, w, 3) uint8 RGB, everybody's boxes (n, 4), their visibility (n,)."""
        low, high = _span(self.data_ends, index)
        bgr = np.asarray(cv2.imdecode(self.data[low:high], cv2.IMREAD_COLOR))
        image = np.ascontiguousarray(bgr[..., ::-1])
        low, high = _span(self.box_ends, index)
        return image, np.array(self.boxes[low:high, :4]), np.array(self.boxes[low:high, 4])


def _span(ends: np.ndarray, index: int) -> tuple[int, int]:
    return (int(ends[index - 1]) if index else 0), int(ends[index])


def load_streets(folder: Path, count: int, sprites: int, seed: int, workers: int | None = None) -> StreetCache:
    """Open the cache of `count` streets below `folder`, or generate it first.

    Args:
        folder: git-ignored; about 60 MB a thousand streets.
        count: streets.
        sprites: people in the bank from which they are populated.
        seed: street i is a pure function of (seed, i, bank).
        workers: processes; default: the number of cores.
    """
    place = folder / f"streets_{count}_{sprites}_{seed}"
    if not place.exists():
        workers = workers or os.cpu_count() or 1
        load_sprite_bank(folder, sprites, seed, workers)  # before the workers each want it
        part = place.with_suffix(".part")
        part.mkdir(parents=True, exist_ok=True)
        for name, array in _generate(folder, count, sprites, seed, workers).items():
            np.save(part / f"{name}.npy", array)
        part.rename(place)
    return StreetCache(**{name: np.load(place / f"{name}.npy", mmap_mode="r") for name in StreetCache.__annotations__})


def _generate(folder: Path, count: int, sprites: int, seed: int, workers: int) -> dict[str, np.ndarray]:
    files: list[np.ndarray] = []
    boxes: list[np.ndarray] = []
    chunks = [range(first, min(count, first + _CHUNK)) for first in range(0, count, _CHUNK)]
    tasks = [(folder, sprites, seed, chunk) for chunk in chunks]
    with WorkerPool(workers) as pool, tqdm(total=count, desc="generating streets", unit="street") as progress:
        for part in pool.map(_make_streets, tasks):
            for file, truth in part:
                files.append(file)
                boxes.append(truth)
            progress.update(len(part))
    return {
        "data": np.concatenate(files),
        "data_ends": np.cumsum([len(file) for file in files]),
        "boxes": np.concatenate(boxes),
        "box_ends": np.cumsum([len(truth) for truth in boxes]),
    }


@lru_cache(maxsize=1)  # each process stocks up once
def _stock(folder: Path, sprites: int, seed: int) -> tuple[Surfaces, SpriteBank]:
    return make_surfaces(seed), load_sprite_bank(folder, sprites, seed)


def _make_streets(folder: Path, sprites: int, seed: int, indices: range) -> list[tuple[np.ndarray, np.ndarray]]:
    """The JPEG file and the boxes with visibility (n, 5) of each street."""
    made = []
    for index in indices:
        stock = _stock(folder, sprites, seed)
        street = compose_street(np.random.default_rng([seed, index]), *stock, apply_response=False)
        _, file = cv2.imencode(".jpg", street.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        made.append((file, np.column_stack([street.boxes_xyxy, street.visibility]).astype(np.float32)))
    return made


def make_batch(cache: StreetCache, seed: int, step: int, size: int) -> list[Sample]:
    """The batch of one training step, a pure function of its arguments."""
    rng = np.random.default_rng([seed, step])
    return [_augment(cache[int(rng.integers(len(cache)))], rng) for _ in range(size)]


def batches(cache: StreetCache, seed: int, first: int, last: int, size: int) -> Iterator[list[Sample]]:
    """The batches of steps `first` … `last` - 1, each made by another process while the one before is used."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _open_cache, (cache,)) as pool:
        waiting = [pool.submit(_cached_batch, seed, step, size) for step in range(first, min(first + 2, last))]
        for step in range(first, last):
            if step + 2 < last:
                waiting.append(pool.submit(_cached_batch, seed, step + 2, size))
            yield waiting.pop(0).result()


_cache: StreetCache | None = None  # of the process that prepares batches: sent there once, not with every step


def _open_cache(cache: StreetCache) -> None:
    global _cache
    cv2.setNumThreads(1)
    _cache = cache


def _cached_batch(seed: int, step: int, size: int) -> list[Sample]:
    assert _cache is not None
    return make_batch(_cache, seed, step, size)


def _augment(sample: Sample, rng: np.random.Generator) -> Sample:
    """A random window at a random scale, mirrored or not, seen by a random camera."""
    image, boxes = _window(sample, rng)
    if rng.random() < 0.5:
        image = image[:, ::-1]
        x_1, y_1, x_2, y_2 = boxes.T
        boxes = np.stack([CROP_WIDTH - x_2, y_1, CROP_WIDTH - x_1, y_2], axis=1)
    image = sample_camera_response(rng).apply(np.ascontiguousarray(image), rng)
    if rng.random() < 0.08:
        image = np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    return Sample(image, boxes)


def _window(sample: Sample, rng: np.random.Generator) -> Sample:
    height, width = sample.image.shape[:2]
    scale = float(np.clip(np.exp(rng.normal(0.0, 0.25)), 0.75, 1.7))  # 0.75 shows the whole street
    wide, tall = min(width, round(CROP_WIDTH / scale)), min(height, round(CROP_HEIGHT / scale))
    middle = rng.uniform((0, 0), (width, height))
    if len(sample.boxes_xyxy) and rng.random() < 0.6:  # make sure that there is somebody, anywhere in the window
        box = sample.boxes_xyxy[int(rng.integers(len(sample.boxes_xyxy)))]
        middle = (box[:2] + box[2:]) / 2 + rng.uniform(-0.45, 0.45, 2) * (wide, tall)
    left = int(np.clip(middle[0] - wide / 2, 0, width - wide))
    top = int(np.clip(middle[1] - tall / 2, 0, height - tall))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    window = sample.image[top : top + tall, left : left + wide]
    image = cv2.resize(window, (CROP_WIDTH, CROP_HEIGHT), interpolation=method)
    zoom = np.array([CROP_WIDTH / wide, CROP_HEIGHT / tall] * 2, np.float32)
    whole = (sample.boxes_xyxy - np.array([left, top, left, top], np.float32)) * zoom
    return Sample(image, _cut_boxes(whole))


def _cut_boxes(whole: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) cut at the window's edge; those of whom too little is left are dropped."""
    cut = np.clip(whole, 0, np.array([CROP_WIDTH, CROP_HEIGHT] * 2, np.float32))
    size, full = cut[:, 2:] - cut[:, :2], whole[:, 2:] - whole[:, :2]
    left_over = size.prod(axis=1) / np.maximum(full.prod(axis=1), 1e-6)
    kept = (left_over > 0.35) & (size[:, 1] >= _MIN_HEIGHT_PX) & (size[:, 0] >= _MIN_WIDTH_PX)
    return np.ascontiguousarray(cut[kept], dtype=np.float32)
