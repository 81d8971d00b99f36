"""Training crops of the embedded ReID network: generated once, cached on disk, read in batches."""

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
    """Everything that decides the crops. The names of the fields are part of the cache's key.

    Attributes:
        people: Number of identities.
        crops: Crops of each person.
        cameras: Number of cameras.
        cameras_each: Cameras that see each person.
        seed: Seed of people and cameras.
        version: Version of the renderer.
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
        people: Number of identities.
        cameras: (people, crops) int32, the camera of each crop.
    """

    def __init__(self, recipe: CropRecipe, chunks: list[Path]) -> None:
        self._chunks = [np.load(chunk, mmap_mode="r") for chunk in chunks]
        self.people = recipe.people
        self.cameras = np.concatenate([_cameras_of(recipe, first) for first in _chunk_starts(recipe)])

    def images(self, people: np.ndarray, crops: np.ndarray) -> np.ndarray:
        """Return crop `crops[i]` of person `people[i]`: (n,), (n,) → (n, height, width, 3) uint8."""
        return np.stack([self._chunks[p // _CHUNK][p % _CHUNK, k] for p, k in zip(people, crops, strict=True)])


_CHUNK = 50  # people per file; a file is the unit of work and of resuming


def load_crops(recipe: CropRecipe, folder: Path, workers: int = 2) -> CropSet:
    """Open the crops of a recipe; missing ones are generated first.

    Args:
        recipe: Everything that decides the crops.
        folder: Folder of generated data; a crop takes about 55 kB.
        workers: Number of processes.
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
            for _ in tqdm(pool.map(_make_chunk, missing), "generating people", total=len(missing), unit=f"×{_CHUNK}"):
                pass
    return CropSet(recipe, chunks)


def _make_chunk(recipe: CropRecipe, home: Path, first: int) -> None:
    cameras = _cameras(recipe)
    rng = np.random.default_rng([recipe.seed, 1, first])
    people = sample_people(rng, min(_CHUNK, recipe.people - first))
    chosen = _cameras_of(recipe, first)
    images = np.empty((len(people), recipe.crops, *SIZE, 3), np.uint8)
    for index, person in enumerate(people):
        for crop in range(recipe.crops):
            image = render_crop(person, cameras[chosen[index, crop]], rng, people)
            interpolation = cv2.INTER_AREA if image.shape[0] > SIZE[0] else cv2.INTER_LINEAR
            images[index, crop] = cv2.resize(image, SIZE[::-1], interpolation=interpolation)
    path = _chunk_path(home, first)
    partial = path.with_suffix(".part.npy")
    np.save(partial, images)
    os.replace(partial, path)


@lru_cache(maxsize=1)  # a worker generates many chunks of one recipe
def _cameras(recipe: CropRecipe) -> list[CropCamera]:
    """Create the cameras of a recipe; each watches one of a few dozen empty streets."""
    rng = np.random.default_rng([recipe.seed, 0])
    surfaces = make_surfaces(recipe.seed)
    places = [empty_street(rng, surfaces) for _ in range(min(60, recipe.cameras))]
    return [sample_crop_camera(rng, places) for _ in range(recipe.cameras)]


def _cameras_of(recipe: CropRecipe, first: int) -> np.ndarray:
    """Choose the camera of each crop of a chunk: (people, crops) int32, `cameras_each` per person in turn."""
    rng = np.random.default_rng([recipe.seed, 2, first])
    people = min(_CHUNK, recipe.people - first)
    seen_by = np.stack([rng.choice(recipe.cameras, recipe.cameras_each, replace=False) for _ in range(people)])
    return seen_by[:, np.arange(recipe.crops) % recipe.cameras_each].astype(np.int32)


def _chunk_starts(recipe: CropRecipe) -> range:
    return range(0, recipe.people, _CHUNK)


def _chunk_path(home: Path, first: int) -> Path:
    return home / f"people_{first:05d}.npy"
