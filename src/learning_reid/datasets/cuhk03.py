"""CUHK03 after unpacking: images named PAIR_PERSON_VIEW_NUMBER.png and a file with the splits."""

import json
from pathlib import Path
from typing import cast

from learning_reid.datasets.file_names import cuhk03_label
from learning_reid.datasets.findings import Findings
from learning_reid.datasets.listing import find_below, images_in
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample, Split
from learning_reid.errors import UserError

KINDS = ("labeled", "detected")  # hand-drawn boxes first: results then do not depend on a detector of 2014
SPLITS: tuple[Split, ...] = ("train", "query", "gallery")
EXPECTED = "images_labeled or images_detected with images such as 1_001_1_01.png"
ORIGINAL = "cuhk-03.mat"


def has_cuhk03_folders(folder: Path) -> bool:
    """Return whether the unpacked images, or the original file, are directly in this folder."""
    return any((folder / f"images_{kind}").is_dir() for kind in KINDS) or _original(folder) is not None


@register_dataset("cuhk03", about="CUHK03, unpacked: images_labeled/ or images_detected/")
def read_cuhk03(root: Path, found: Findings) -> list[Sample]:
    """Read CUHK03 at the root or in a folder below it.

    ::

        images_labeled/1_001_2_06.png      person "1_001" (camera pair 1, number 001), camera "2"
        images_detected/…                  read if images_labeled/ is missing
        splits_new_labeled.json            torchreid's splits, or cuhk03_new_protocol_config_labeled.mat
    """
    place = find_below(root, has_cuhk03_folders, EXPECTED, names=("cuhk",))
    there = [kind for kind in KINDS if (place / f"images_{kind}").is_dir()]
    if not there:
        raise UserError(
            f"{_original(place)} is packed; let torchreid unpack it once (torchreid.reid.data.datasets.CUHK03 writes "
            "images_labeled and images_detected), or download the unpacked copy: data fetch cuhk03"
        )
    with_splits = [kind for kind in there if any(file.is_file() for file in _split_files(place, kind))]
    kind = (with_splits or there)[0]
    folder = place / f"images_{kind}"
    found.add("cuhk03-boxes", "note", f"the images of {folder.name} are used", _describe_boxes(place, kind), count=0)
    splits = _read_splits(place, kind)
    if not splits:
        advice = f"put {' or '.join(file.name for file in _split_files(place, kind))} beside {folder.name}"
        found.add("cuhk03-unsplit", "note", "there is no file with the train/query/gallery split", advice, count=0)
    return _samples(folder, splits, found)


def _samples(folder: Path, splits: dict[str, list[Split]], found: Findings) -> list[Sample]:
    samples, there = [], set()
    for image in images_in(folder, found):
        label = cuhk03_label(image.stem)
        there.add(image.name)
        if label is None:
            advice = "name them PAIR_PERSON_VIEW_NUMBER.png, such as 1_001_1_01.png"
            found.add("wrong-name", "warning", "images left out because of their name", advice, image.name)
            continue
        for split in splits.get(image.name, []) if splits else ["unsplit"]:
            samples.append(Sample(image, label.person_id, label.camera_id, cast(Split, split)))
    if missing := [name for name in splits if name not in there]:
        advice = f"copy the images of {folder.name} again"
        found.add("list-missing", "error", "listed images that are missing", advice, missing[0], len(missing))
    return samples


def _read_splits(place: Path, kind: str) -> dict[str, list[Split]]:
    """Return file name → splits from the first split file that exists; empty without one."""
    torchreid_file, protocol_file = _split_files(place, kind)
    file = next((file for file in (torchreid_file, protocol_file) if file.is_file()), None)
    if file is None:
        return {}
    try:
        if file == torchreid_file:
            content = json.loads(file.read_text(encoding="utf-8"))[0]
            names = {split: [_file_name(entry[0]) for entry in content[split]] for split in SPLITS}
        else:
            from scipy.io import loadmat  # imported here because recognizing a layout should be fast

            config = loadmat(file)
            files = [str(name[0]) for name in config["filelist"].flatten()]
            names = {split: [files[int(at) - 1] for at in config[f"{split}_idx"].flatten()] for split in SPLITS}
    except (OSError, ValueError, KeyError, IndexError, TypeError, NotImplementedError) as error:
        raise UserError(f"{file} is not a valid split file of CUHK03 ({error!r}); copy it again") from None
    splits: dict[str, list[Split]] = {}
    for split, listed in names.items():
        for name in listed:
            splits.setdefault(name, []).append(split)
    return splits


def _file_name(path: str) -> str:
    """Return the name in a path of another machine; torchreid's split file contains absolute paths."""
    return path.replace("\\", "/").rpartition("/")[2]


def _split_files(place: Path, kind: str) -> tuple[Path, Path]:
    """Return the paths of torchreid's split file and of the one by the authors of the new protocol."""
    return place / f"splits_new_{kind}.json", place / f"cuhk03_new_protocol_config_{kind}.mat"


def _original(folder: Path) -> Path | None:
    places = (folder / ORIGINAL, folder / "cuhk03_release" / ORIGINAL)
    return next((file for file in places if file.is_file()), None)


def _describe_boxes(place: Path, kind: str) -> str:
    other = next(name for name in KINDS if name != kind)
    if (place / f"images_{other}").is_dir():
        return f"images_{other} is not read; rename images_{kind} to use it"
    return "their boxes were drawn by people" if kind == "labeled" else "their boxes come from a detector"
