"""Training data of the detector: cached generated streets or places, with random windows and camera responses.

The cache contains the images without a camera response; each use draws another one. A batch is a pure function of
(seed, step), so that a resumed training sees the same batches.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
from tqdm.auto import tqdm

from learning_reid.training.image_loader import ignore_interrupt
from reid_synth.camera import sample_camera_response
from reid_synth.places.anywhere import KINDS, compose_anywhere
from reid_synth.places.sprite_bank import SpriteBank, load_sprite_bank
from reid_synth.places.street import MIN_VISIBILITY, compose_street
from reid_synth.places.surfaces import Surfaces, make_surfaces
from reid_synth.worker_pool import WorkerPool

World = Literal["streets", "anywhere"]
CROP_WIDTH, CROP_HEIGHT = 384, 288
_JPEG_QUALITY = 96  # of the cache: no visible loss, a tenth of the size
_CHUNK = 25  # streets of one task of the worker pool
_MIN_HEIGHT_PX, _MIN_WIDTH_PX = 12, 3  # too small to learn from


class Sample(NamedTuple):
    """A training image and its boxes."""

    image: np.ndarray  # (h, w, 3) uint8 RGB
    boxes_xyxy: np.ndarray  # (n, 4) float32 pixels


@dataclass(frozen=True)
class StreetCache:
    """Generated streets on disk.

    Attributes:
        data: (bytes,) uint8, the concatenated JPEG files, memory-mapped.
        data_ends: (streets,) int64, the end of each file.
        boxes: (m, 5) float32, xyxy and visibility of all people in all streets.
        box_ends: (streets,) int64, the end of each street's boxes.
    """

    data: np.ndarray
    data_ends: np.ndarray
    boxes: np.ndarray
    box_ends: np.ndarray

    def __len__(self) -> int:
        return len(self.data_ends)

    def __getitem__(self, index: int) -> Sample:
        """Return a street without camera response, and the boxes of the people who are visible enough."""
        image, boxes, visibility = self.street(index)
        return Sample(image, boxes[visibility >= MIN_VISIBILITY])

    def street(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a street without camera response: image (h, w, 3) uint8 RGB, all boxes (n, 4), visibility (n,)."""
        low, high = _span(self.data_ends, index)
        bgr = np.asarray(cv2.imdecode(self.data[low:high], cv2.IMREAD_COLOR))
        image = np.ascontiguousarray(bgr[..., ::-1])
        low, high = _span(self.box_ends, index)
        return image, np.array(self.boxes[low:high, :4]), np.array(self.boxes[low:high, 4])


def _span(ends: np.ndarray, index: int) -> tuple[int, int]:
    return (int(ends[index - 1]) if index else 0), int(ends[index])


def load_streets(
    folder: Path, count: int, sprites: int, seed: int, workers: int | None = None, world: World = "streets"
) -> StreetCache:
    """Open the cache of `count` streets or places below `folder`; generate it first if it is missing.

    Args:
        folder: Folder of generated data; 1,000 streets take about 60 MB.
        count: Number of streets.
        sprites: Number of generated people who populate them.
        seed: Street i is a pure function of (seed, i, people).
        workers: Processes; None = the number of cores.
        world: "streets" of people who walk, or "anywhere", where they also sit and run.
    """
    path = folder / f"{world}_{count}_{sprites}_{seed}"
    if not path.exists():
        workers = workers or os.cpu_count() or 1
        load_sprite_bank(folder, sprites, seed, workers, active=world == "anywhere")  # before each worker needs it
        part = path.with_suffix(".part")
        part.mkdir(parents=True, exist_ok=True)
        for name, array in _generate(folder, count, sprites, seed, workers, world).items():
            np.save(part / f"{name}.npy", array)
        part.rename(path)
    return StreetCache(**{name: np.load(path / f"{name}.npy", mmap_mode="r") for name in StreetCache.__annotations__})


def _generate(folder: Path, count: int, sprites: int, seed: int, workers: int, world: World) -> dict[str, np.ndarray]:
    files: list[np.ndarray] = []
    boxes: list[np.ndarray] = []
    chunks = [range(first, min(count, first + _CHUNK)) for first in range(0, count, _CHUNK)]
    tasks = [(folder, sprites, seed, world, chunk) for chunk in chunks]
    with WorkerPool(workers) as pool, tqdm(total=count, desc=f"generating {world}", unit="image") as progress:
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


@lru_cache(maxsize=1)  # once per process
def _load_assets(folder: Path, sprites: int, seed: int, world: World) -> tuple[Surfaces, SpriteBank]:
    return make_surfaces(seed), load_sprite_bank(folder, sprites, seed, active=world == "anywhere")


def _make_streets(
    folder: Path, sprites: int, seed: int, world: World, indices: range
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the JPEG file, and the boxes with visibility (n, 5), of each street."""
    made = []
    for index in indices:
        surfaces, bank = _load_assets(folder, sprites, seed, world)
        rng = np.random.default_rng([seed, index])
        if world == "streets":
            street = compose_street(rng, surfaces, bank, apply_response=False)
        else:
            street = compose_anywhere(rng, surfaces, bank, KINDS[index % len(KINDS)])
        _, file = cv2.imencode(".jpg", street.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        made.append((file, np.column_stack([street.boxes_xyxy, street.visibility]).astype(np.float32)))
    return made


@dataclass(frozen=True)
class Augmentation:
    """How often a training image is changed in one of these ways, as shares.

    Attributes:
        mosaic: Four images at half the size, for people who are small and for those who filled an image.
        gray: Gray, as from an infrared camera.
        motion_blur: Blurred along a line.
    """

    mosaic: float = 0.0
    gray: float = 0.08
    motion_blur: float = 0.0


def make_batch(
    cache: StreetCache, seed: int, step: int, size: int, augmentation: Augmentation = Augmentation()
) -> list[Sample]:
    """Make the batch of a training step; a pure function of its arguments."""
    rng = np.random.default_rng([seed, step])
    return [_make_sample(cache, rng, augmentation) for _ in range(size)]


def _make_sample(cache: StreetCache, rng: np.random.Generator, augmentation: Augmentation) -> Sample:
    if augmentation.mosaic and rng.random() < augmentation.mosaic:
        sample = _mosaic([cache[int(rng.integers(len(cache)))] for _ in range(4)], rng)
    else:
        sample = _window(cache[int(rng.integers(len(cache)))], rng)
    return _augment(sample, rng, augmentation)


def generate_batches(
    cache: StreetCache, seed: int, first: int, last: int, size: int, augmentation: Augmentation = Augmentation()
) -> Iterator[list[Sample]]:
    """Yield the batches of steps `first` … `last` - 1; another process prepares them in advance."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _open_cache, (cache,)) as pool:
        ahead = range(first, min(first + 2, last))
        waiting = [pool.submit(_cached_batch, seed, step, size, augmentation) for step in ahead]
        for step in range(first, last):
            if step + 2 < last:
                waiting.append(pool.submit(_cached_batch, seed, step + 2, size, augmentation))
            yield waiting.pop(0).result()


_cache: StreetCache | None = None  # of the process that prepares batches; sent once, not with every step


def _open_cache(cache: StreetCache) -> None:
    global _cache
    ignore_interrupt()
    cv2.setNumThreads(1)
    _cache = cache


def _cached_batch(seed: int, step: int, size: int, augmentation: Augmentation) -> list[Sample]:
    assert _cache is not None
    return make_batch(_cache, seed, step, size, augmentation)


def _augment(sample: Sample, rng: np.random.Generator, augmentation: Augmentation) -> Sample:
    """Mirror half of the windows, and apply a random camera response."""
    image, boxes = sample
    if rng.random() < 0.5:
        image = image[:, ::-1]
        x_1, y_1, x_2, y_2 = boxes.T
        boxes = np.stack([CROP_WIDTH - x_2, y_1, CROP_WIDTH - x_1, y_2], axis=1)
    if augmentation.motion_blur and rng.random() < augmentation.motion_blur:
        image = _blur_along_a_line(image, rng)
    image = sample_camera_response(rng).apply(np.ascontiguousarray(image), rng)
    if rng.random() < augmentation.gray:
        image = np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    return Sample(image, boxes)


def _blur_along_a_line(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    length, angle = int(rng.integers(3, 9)), rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    kernel = np.zeros((9, 9), np.float32)
    start, end = np.rint(4 - reach).astype(int).tolist(), np.rint(4 + reach).astype(int).tolist()
    cv2.line(kernel, start, end, 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def _mosaic(samples: list[Sample], rng: np.random.Generator) -> Sample:
    """Put four images at half the window's size side by side."""
    image, boxes = np.empty((CROP_HEIGHT, CROP_WIDTH, 3), np.uint8), []
    for index, sample in enumerate(samples):
        corner = np.array([index % 2 * CROP_WIDTH // 2, index // 2 * CROP_HEIGHT // 2])
        tile = _window(sample, rng)
        small = cv2.resize(tile.image, (CROP_WIDTH // 2, CROP_HEIGHT // 2), interpolation=cv2.INTER_AREA)
        image[corner[1] : corner[1] + len(small), corner[0] : corner[0] + small.shape[1]] = small
        boxes.append(tile.boxes_xyxy / 2 + np.tile(corner, 2).astype(np.float32))
    joined = np.concatenate(boxes).astype(np.float32)
    return Sample(image, joined[joined[:, 3] - joined[:, 1] >= _MIN_HEIGHT_PX])


def _window(sample: Sample, rng: np.random.Generator) -> Sample:
    height, width = sample.image.shape[:2]
    scale = float(np.clip(np.exp(rng.normal(0.0, 0.25)), 0.75, 1.7))  # 0.75 shows the whole street
    wide, tall = min(width, round(CROP_WIDTH / scale)), min(height, round(CROP_HEIGHT / scale))
    middle = rng.uniform((0, 0), (width, height))
    if len(sample.boxes_xyxy) and rng.random() < 0.6:  # ensure that a person is in the window
        box = sample.boxes_xyxy[int(rng.integers(len(sample.boxes_xyxy)))]
        middle = (box[:2] + box[2:]) / 2 + rng.uniform(-0.45, 0.45, 2) * (wide, tall)
    left = int(np.clip(middle[0] - wide / 2, 0, width - wide))
    top = int(np.clip(middle[1] - tall / 2, 0, height - tall))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    window = sample.image[top : top + tall, left : left + wide]
    image = cv2.resize(window, (CROP_WIDTH, CROP_HEIGHT), interpolation=method)
    zoom = np.array([CROP_WIDTH / wide, CROP_HEIGHT / tall] * 2, np.float32)
    whole = (sample.boxes_xyxy - np.array([left, top, left, top], np.float32)) * zoom
    return Sample(image, _clip_boxes(whole))


def _clip_boxes(whole: np.ndarray) -> np.ndarray:
    """Clip boxes (n, 4) to the window, and drop those of which too little is left."""
    cut = np.clip(whole, 0, np.array([CROP_WIDTH, CROP_HEIGHT] * 2, np.float32))
    size, full = cut[:, 2:] - cut[:, :2], whole[:, 2:] - whole[:, :2]
    left_over = size.prod(axis=1) / np.maximum(full.prod(axis=1), 1e-6)
    kept = (left_over > 0.35) & (size[:, 1] >= _MIN_HEIGHT_PX) & (size[:, 0] >= _MIN_WIDTH_PX)
    return np.ascontiguousarray(cut[kept], dtype=np.float32)
