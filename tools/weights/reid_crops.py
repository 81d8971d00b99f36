"""The crops the embedded ReID network learns from: generated once, kept on disk, read a batch at a time."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from reid_synth.datasets.crops import RENDERER_VERSION, CropCamera, render_crop, sample_crop_camera, sample_people
from reid_synth.places.street import empty_street
from reid_synth.places.surfaces import make_surfaces
from reid_synth.worker_pool import WorkerPool

SIZE = (192, 96)  # height, width of a stored crop


@dataclass(frozen=True)
class CropRecipe:
    """Everything that decides which crops are made; the same recipe always makes the same crops.

    Attributes:
        people: how many identities.
        crops: pictures of each.
        cameras: how many cameras there are in this world.
        cameras_each: by how many of them each person is seen.
        seed: of this world.
        version: of the way of drawing.
    """

    people: int = 4000
    crops: int = 8
    cameras: int = 400
    cameras_each: int = 4
    seed: int = 100
    version: int = RENDERER_VERSION


class CropSet:
    """Crops by person and number, memory-mapped from the files of a recipe.

    Attributes:
        people: how many identities there are.
        cameras: (people, crops) int32, which camera took each crop.
    """

    def __init__(self, recipe: CropRecipe, chunks: list[Path]) -> None:
        self._chunks = [np.load(chunk, mmap_mode="r") for chunk in chunks]
        self.people = recipe.people
        self.cameras = np.concatenate([_cameras_of(recipe, first) for first in _chunk_starts(recipe)])

    def pictures(self, people: np.ndarray, crops: np.ndarray) -> np.ndarray:
        """The crops number `crops[i]` of the people `people[i]`: (n,), (n,) → (n, height, width, 3) uint8."""
        return np.stack([self._chunks[p // _CHUNK][p % _CHUNK, k] for p, k in zip(people, crops, strict=True)])


_CHUNK = 50  # people made from one generator; a chunk is the unit of work and of resuming


def load_crops(recipe: CropRecipe, folder: Path, workers: int = 2) -> CropSet:
    """Read the crops of a recipe, making those that are not there yet.

    Args:
        recipe: what to make.
        folder: where crops are kept (about 55 kB each).
        workers: processes that draw.
    """
    key = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode()).hexdigest()[:12]
    home = folder / f"crops_{key}"
    home.mkdir(parents=True, exist_ok=True)
    chunks = [_chunk_path(home, first) for first in _chunk_starts(recipe)]
    missing = [
        (recipe, home, first) for first, chunk in zip(_chunk_starts(recipe), chunks, strict=True) if not chunk.exists()
    ]
    if missing:
        with WorkerPool(min(workers, len(missing))) as pool:
            for _ in tqdm(pool.map(_make_chunk, missing), "drawing people", total=len(missing), unit=f"×{_CHUNK}"):
                pass
    return CropSet(recipe, chunks)


def _make_chunk(recipe: CropRecipe, home: Path, first: int) -> None:
    cameras = _world(recipe)
    rng = np.random.default_rng([recipe.seed, 1, first])
    people = sample_people(rng, min(_CHUNK, recipe.people - first))
    chosen = _cameras_of(recipe, first)
    pictures = np.empty((len(people), recipe.crops, *SIZE, 3), np.uint8)
    for index, person in enumerate(people):
        for crop in range(recipe.crops):
            picture = render_crop(person, cameras[chosen[index, crop]], rng, people)
            interpolation = cv2.INTER_AREA if picture.shape[0] > SIZE[0] else cv2.INTER_LINEAR
            pictures[index, crop] = cv2.resize(picture, SIZE[::-1], interpolation=interpolation)
    path = _chunk_path(home, first)
    partial = path.with_suffix(".part.npy")
    np.save(partial, pictures)
    os.replace(partial, path)


@lru_cache(maxsize=1)  # a worker draws many chunks of one world
def _world(recipe: CropRecipe) -> list[CropCamera]:
    """All cameras of a recipe: each watches one of a few dozen empty streets."""
    rng = np.random.default_rng([recipe.seed, 0])
    surfaces = make_surfaces(recipe.seed)
    places = [empty_street(rng, surfaces) for _ in range(min(60, recipe.cameras))]
    return [sample_crop_camera(rng, places) for _ in range(recipe.cameras)]


def _cameras_of(recipe: CropRecipe, first: int) -> np.ndarray:
    """Which cameras see the people of a chunk: (people, crops) int32, each person by `cameras_each` of them in turn."""
    rng = np.random.default_rng([recipe.seed, 2, first])
    people = min(_CHUNK, recipe.people - first)
    seen_by = np.stack([rng.choice(recipe.cameras, recipe.cameras_each, replace=False) for _ in range(people)])
    return seen_by[:, np.arange(recipe.crops) % recipe.cameras_each].astype(np.int32)


def _chunk_starts(recipe: CropRecipe) -> range:
    return range(0, recipe.people, _CHUNK)


def _chunk_path(home: Path, first: int) -> Path:
    return home / f"people_{first:05d}.npy"
