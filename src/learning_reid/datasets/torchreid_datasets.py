"""Datasets that torchreid reads, through torchreid's own classes: no output, a fixed seed, and no download.

torchreid is imported when such a dataset is opened, not to list or recognize them.
"""

import contextlib
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.market import add_withdrawn_note
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample, Split
from learning_reid.errors import UserError


class TorchreidDataset(NamedTuple):
    """What is needed to recognize a dataset without torchreid."""

    about: str  #: One line for lists
    folder: str  #: Name of torchreid's folder below the root
    sign: str  #: A file or folder inside it that no other dataset has

    def fits(self, root: Path) -> bool:
        """Return whether the dataset is at `root` or in torchreid's folder below it."""
        return (root / self.sign).exists() or (root / self.folder / self.sign).exists()


TORCHREID_DATASETS = {
    "viper": TorchreidDataset("VIPeR: 632 people, two cameras, one image each", "viper", "VIPeR/cam_a"),
    "grid": TorchreidDataset("GRID: an underground station, 250 people, 8 cameras", "grid", "underground_reid/probe"),
    "prid": TorchreidDataset("PRID-2011, one image per person", "prid2011", "prid_2011/single_shot"),
    "ilids": TorchreidDataset("i-LIDS: an airport hall, 119 people", "ilids", "i-LIDS_Pedestrian/Persons"),
    "cuhk01": TorchreidDataset("CUHK01: 971 people, two views", "cuhk01", "campus"),
    "cuhk02": TorchreidDataset("CUHK02: 1,816 people, five pairs of cameras", "cuhk02", "Dataset/P5"),
    "sensereid": TorchreidDataset("SenseReID: for testing only", "sensereid", "SenseReID/test_probe"),
    "cuhksysu": TorchreidDataset("CUHK-SYSU crops: for training only", "cuhksysu", "cropped_images"),
    "university1652": TorchreidDataset(
        "University-1652: buildings seen by drones and satellites", "university1652", "University-Release/test"
    ),
    "mars": TorchreidDataset("MARS: tracklets of the people of Market-1501", "mars", "info/tracks_test_info.mat"),
    "ilidsvid": TorchreidDataset("iLIDS-VID: tracklets, two cameras", "ilids-vid", "i-LIDS-VID/sequences"),
    "prid2011": TorchreidDataset("PRID-2011: tracklets, two cameras", "prid2011", "prid_2011/multi_shot"),
    "dukemtmcvidreid": TorchreidDataset(
        "DukeMTMC-VideoReID: withdrawn by its authors; reads a copy that you have",
        "dukemtmc-vidreid",
        "DukeMTMC-VideoReID/train",
    ),
}
SEED = 0  # torchreid draws the splits of small datasets at random and saves them in a file beside the images
NOT_SPLITS: dict[str, tuple[Split, ...]] = {  # torchreid fills these with copies of other splits
    "cuhksysu": ("query", "gallery"),
    "sensereid": ("train",),
}
COUNTED_FROM_ZERO = ("sensereid",)  # for all other datasets torchreid has subtracted 1 from the camera's number
LOADING_ERRORS = (RuntimeError, AssertionError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError)


def read_torchreid(name: str, root: Path, found: Findings) -> list[Sample]:
    """Read one of `TORCHREID_DATASETS`; each frame of a tracklet is a sample.

    Training identities get the prefix `train-`, because torchreid renumbers them from 0.
    """
    folder = _find_folder(name, root)
    if name.startswith("duke"):
        add_withdrawn_note(found)
    before = {path.name for path in folder.iterdir()}
    loaded = _load(name, folder)
    for file in sorted(path.name for path in folder.iterdir() if path.name not in before):
        what = f"torchreid wrote {file} into {folder}"
        found.add("torchreid-wrote", "note", what, "it stores the split; delete the file to draw another", count=0)
    splits: dict[Split, list] = {"train": loaded.train, "query": loaded.query, "gallery": loaded.gallery}
    samples = []
    for split, items in splits.items():
        if split not in NOT_SPLITS.get(name, ()):
            samples += _samples(name, split, items, set(getattr(loaded, "_junk_pids", ())), found)
    _check_files_exist(samples, folder)
    return samples


for _name, _known in TORCHREID_DATASETS.items():
    register_dataset(_name, about=_known.about)(partial(read_torchreid, _name))


def _find_folder(name: str, root: Path) -> Path:
    known = TORCHREID_DATASETS[name]
    for folder in (root / known.folder, root):
        if (folder / known.sign).exists() or (name == "cuhk01" and (folder / "CUHK01.zip").is_file()):
            return folder
    raise WrongLayout(
        f"{root} does not contain {name}: {root / known.folder / known.sign} (or {root / known.sign}) was expected; "
        "nothing is downloaded, get the data from its authors"
    )


def _load(name: str, folder: Path) -> Any:
    from learning_reid.models.torchreid_models import quiet, without_tensorflow

    with quiet(), without_tensorflow(), _seeded():
        from torchreid.reid.data import datasets

        classes = {**datasets.__dict__["__image_datasets"], **datasets.__dict__["__video_datasets"]}
        # torchreid expects a folder of a fixed name below its root; ours may have any name
        subclass: Callable[..., Any] = type(
            classes[name].__name__, (classes[name],), {"dataset_dir": folder.name, "download_dataset": _no_download}
        )
        try:
            return subclass(root=str(folder.absolute().parent), transform=lambda image: image, verbose=False)
        except PermissionError as error:
            message = f"{error.filename or folder} cannot be written, where torchreid stores the split of {name}"
            raise UserError(f"{message}; copy the dataset to a folder of your own") from None
        except LOADING_ERRORS as error:
            reason = str(error).replace("\n", " ") or type(error).__name__
            message = f"{folder} is not a complete copy of {name}, torchreid reports: {reason}"
            raise UserError(f"{message}; copy it again") from None


def _no_download(_self: object, folder: str, _url: str | None) -> None:
    if not Path(folder).exists():
        raise RuntimeError(f"{folder} is missing")


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """Use `SEED` inside the block and restore the caller's random state afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    random.seed(SEED)
    np.random.seed(SEED)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _samples(name: str, split: Split, items: list, distractors: set[int], found: Findings) -> list[Sample]:
    flat = []
    for paths, person, camera, *_ in items:
        images = [paths] if isinstance(paths, str) else paths
        flat += [(Path(path), int(person), _camera(name, split, Path(path), int(camera))) for path in images]
    flat.sort()  # torchreid lists files in the order of the file system
    numbers: dict[int, int] = {}  # and numbers training identities in arbitrary order
    samples = []
    for path, person, camera_id in flat:
        if person == -1:
            found.add("junk", "note", "junk images (person -1) left out", "as in the dataset's protocol", path.name)
        elif split == "train":
            number = numbers.setdefault(person, len(numbers))
            samples.append(Sample(path, f"train-{number}", camera_id, split))
        else:
            samples.append(Sample(path, None if person in distractors else str(person), camera_id, split))
    return samples


def _camera(name: str, split: Split, path: Path, camera: int) -> str:
    if name == "university1652":  # torchreid gives every image its own camera; the folder names the kind of view
        view = path.parent.parent.name
        return view if split == "train" else view.removeprefix("query_").removeprefix("gallery_")
    return str(camera if name in COUNTED_FROM_ZERO else camera + 1)


def _check_files_exist(samples: list[Sample], folder: Path) -> None:
    """Check that the absolute paths in torchreid's split file are still valid after the folder was moved."""
    missing = [sample.path for sample in samples if not sample.path.is_file()]
    if missing:
        raise UserError(
            f"{len(missing)} images of the split file in {folder} are missing, such as {missing[0]}; "
            "delete splits*.json there if the folder was moved, or copy the images again"
        )
