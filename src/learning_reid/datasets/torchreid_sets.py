"""Every other data set of the field, through torchreid's own classes: kept quiet, seeded, and kept from downloading."""

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.market import tell_withdrawn
from learning_reid.datasets.sample import Sample, Split
from learning_reid.datasets.torchreid_names import TORCHREID_SETS
from learning_reid.errors import UserError
from learning_reid.models.torchreid_models import quiet, without_tensorflow

SEED = 0  # torchreid draws the splits of small sets at random and keeps them in a file beside the pictures
WITHOUT: dict[str, tuple[Split, ...]] = {  # torchreid fills these with copies of other splits
    "cuhksysu": ("query", "gallery"),
    "sensereid": ("train",),
}
COUNTED_FROM_ZERO = ("sensereid",)  # everywhere else torchreid has taken 1 from the camera's number
BROKEN = (RuntimeError, AssertionError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError)


def read_torchreid(name: str, root: Path, found: Findings) -> list[Sample]:
    """A set that torchreid knows.

    People of the training split get the prefix `train-`, since torchreid counts them anew from 0. Each frame of a
    tracklet is a sample.

    Args:
        name: one of `TORCHREID_SETS`.
        root: the set's folder, or the one above it.
        found: what must be told.

    Raises:
        UserError: the set is not there, or not complete. Nothing is ever downloaded.
    """
    folder = _folder(name, root)
    if name.startswith("duke"):
        tell_withdrawn(found)
    before = {path.name for path in folder.iterdir()}
    loaded = _load(name, folder)
    for file in sorted(path.name for path in folder.iterdir() if path.name not in before):
        what = f"torchreid wrote {file} into {folder}"
        found.add("torchreid-wrote", "note", what, "it keeps the split there; remove the file to draw another", count=0)
    splits: dict[Split, list] = {"train": loaded.train, "query": loaded.query, "gallery": loaded.gallery}
    samples = []
    for split, items in splits.items():
        if split not in WITHOUT.get(name, ()):
            samples += _samples(name, split, items, set(getattr(loaded, "_junk_pids", ())), found)
    _check_there(samples, folder)
    return samples


def _folder(name: str, root: Path) -> Path:
    known = TORCHREID_SETS[name]
    for folder in (root / known.folder, root):
        if (folder / known.sign).exists() or (name == "cuhk01" and (folder / "CUHK01.zip").is_file()):
            return folder
    raise WrongLayout(
        f"{root} does not hold {name}: {root / known.folder / known.sign} (or {root / known.sign}) was expected; "
        "nothing is downloaded, get the data from its authors"
    )


def _load(name: str, folder: Path) -> Any:
    with quiet(), without_tensorflow(), _seeded():
        from torchreid.reid.data import datasets

        makers = {**datasets.__dict__["__image_datasets"], **datasets.__dict__["__video_datasets"]}
        # torchreid looks below ROOT for a folder of one name; ours may be called anything
        maker: Callable[..., Any] = type(
            makers[name].__name__, (makers[name],), {"dataset_dir": folder.name, "download_dataset": _no_download}
        )
        try:
            return maker(root=str(folder.absolute().parent), transform=lambda picture: picture, verbose=False)
        except PermissionError as problem:
            told = f"{problem.filename or folder} cannot be written, where torchreid keeps the split of {name}"
            raise UserError(f"{told}; copy the set to a folder of your own") from None
        except BROKEN as problem:
            reason = str(problem).replace("\n", " ") or type(problem).__name__
            told = f"{folder} is not a complete copy of {name}, says torchreid: {reason}; copy it again"
            raise UserError(told) from None


def _no_download(_self: object, folder: str, _url: str | None) -> None:
    if not Path(folder).exists():  # guarded before; should torchreid change, it must still not download
        raise RuntimeError(f"{folder} is missing")


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """The same split on every machine; the caller's random numbers go on as if nothing had happened."""
    python, numpy = random.getstate(), np.random.get_state()
    random.seed(SEED)
    np.random.seed(SEED)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _samples(name: str, split: Split, items: list, strangers: set[int], found: Findings) -> list[Sample]:
    flat = []
    for paths, person, camera, *_ in items:
        pictures = [paths] if isinstance(paths, str) else paths
        flat += [(Path(path), int(person), _camera(name, split, Path(path), int(camera))) for path in pictures]
    flat.sort()  # torchreid lists files in the disk's order
    numbers: dict[int, int] = {}  # and numbers the people it trains with in no certain order
    samples = []
    for path, person, camera_id in flat:
        if person == -1:
            found.add("junk", "note", "junk pictures (person -1) left out", "as the data set's authors do", path.name)
        elif split == "train":
            number = numbers.setdefault(person, len(numbers))
            samples.append(Sample(path, f"train-{number}", camera_id, split))
        else:
            samples.append(Sample(path, None if person in strangers else str(person), camera_id, split))
    return samples


def _camera(name: str, split: Split, path: Path, camera: int) -> str:
    if name == "university1652":  # torchreid gives every picture a camera of its own; what is known is from where
        view = path.parent.parent.name
        return view if split == "train" else view.removeprefix("query_").removeprefix("gallery_")
    return str(camera if name in COUNTED_FROM_ZERO else camera + 1)


def _check_there(samples: list[Sample], folder: Path) -> None:
    """torchreid's split files hold full paths: after a move they point to where the pictures once were."""
    missing = [sample.path for sample in samples if not sample.path.is_file()]
    if missing:
        raise UserError(
            f"{len(missing)} pictures are not where the split file in {folder} says, such as {missing[0]}; "
            "remove splits*.json there if the folder was moved, or copy the pictures again"
        )
