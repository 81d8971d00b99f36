"""CUHK03 after unpacking: pictures named PAIR_PERSON_VIEW_NUMBER.png, and a file that divides them."""

import json
from pathlib import Path

from learning_reid.datasets.file_names import cuhk03_label
from learning_reid.datasets.findings import Findings
from learning_reid.datasets.layouts import register_dataset
from learning_reid.datasets.listing import find_below, pictures_in
from learning_reid.datasets.sample import Sample, Split
from learning_reid.errors import UserError

KINDS = ("labeled", "detected")  # boxes drawn by people come first: they measure the network, not a detector of 2014
ROLES: tuple[Split, ...] = ("train", "query", "gallery")
EXPECTED = "images_labeled or images_detected with pictures such as 1_001_1_01.png"
ORIGINAL = "cuhk-03.mat"


def has_cuhk03_folders(folder: Path) -> bool:
    """Whether the unpacked pictures, or the original file, lie directly in this folder."""
    return any((folder / f"images_{kind}").is_dir() for kind in KINDS) or _original(folder) is not None


@register_dataset("cuhk03", about="CUHK03, unpacked: images_labeled/ or images_detected/")
def read_cuhk03(root: Path, found: Findings) -> list[Sample]:
    """CUHK03 at the root or in a folder below it.

    The person is the pair of cameras and the number within it ("1_001"), the camera the view ("1" or "2").

    Raises:
        UserError: another layout, only the original file, or a file of splits that is none.
    """
    place = find_below(root, has_cuhk03_folders, EXPECTED, names=("cuhk",))
    there = [kind for kind in KINDS if (place / f"images_{kind}").is_dir()]
    if not there:
        raise UserError(
            f"{_original(place)} is packed; let torchreid unpack it once (torchreid.reid.data.datasets.CUHK03 writes "
            "images_labeled and images_detected), or take the unpacked copy: data fetch cuhk03"
        )
    divided = [kind for kind in there if any(file.is_file() for file in _split_files(place, kind))]
    kind = (divided or there)[0]
    folder = place / f"images_{kind}"
    found.add("cuhk03-boxes", "note", f"the pictures of {folder.name} are used", _other_kind(place, kind), count=0)
    roles = _roles(place, kind)
    if not roles:
        advice = f"put {' or '.join(file.name for file in _split_files(place, kind))} beside {folder.name}"
        found.add("cuhk03-unsplit", "note", "no file divides train, query and gallery", advice, count=0)
    return _samples(folder, roles, found)


def _samples(folder: Path, roles: dict[str, list[Split]], found: Findings) -> list[Sample]:
    samples, there = [], set()
    for picture in pictures_in(folder, found):
        label = cuhk03_label(picture.stem)
        there.add(picture.name)
        if label is None:
            advice = "name them PAIR_PERSON_VIEW_NUMBER.png, such as 1_001_1_01.png"
            found.add("wrong-name", "warning", "pictures left out because of their name", advice, picture.name)
            continue
        for split in roles.get(picture.name, []) if roles else ["unsplit"]:
            samples.append(Sample(picture, label.person_id, label.camera_id, split))  # type: ignore[arg-type]
    if missing := [name for name in roles if name not in there]:
        advice = f"copy the pictures of {folder.name} again"
        found.add("list-missing", "error", "listed pictures that are not there", advice, missing[0], len(missing))
    return samples


def _roles(place: Path, kind: str) -> dict[str, list[Split]]:
    """File name → what it is for, as the first file of splits says that is there."""
    ours, theirs = _split_files(place, kind)
    roles: dict[str, list[Split]] = {}
    try:
        if ours.is_file():
            split = json.loads(ours.read_text(encoding="utf-8"))[0]
            names = {role: [_file_name(entry[0]) for entry in split[role]] for role in ROLES}
        elif theirs.is_file():
            from scipy.io import loadmat  # here: to recognise a layout should cost nothing

            config = loadmat(theirs)
            files = [str(name[0]) for name in config["filelist"].flatten()]
            names = {role: [files[int(at) - 1] for at in config[f"{role}_idx"].flatten()] for role in ROLES}
        else:
            return {}
    except (OSError, ValueError, KeyError, IndexError, TypeError, NotImplementedError) as problem:
        file = ours if ours.is_file() else theirs
        raise UserError(f"{file} does not divide CUHK03 as it should ({problem!r}); copy it again") from None
    for role, listed in names.items():
        for name in listed:
            roles.setdefault(name, []).append(role)
    return roles


def _file_name(path: str) -> str:
    """The split file holds full paths of the machine on which torchreid wrote it."""
    return path.replace("\\", "/").rpartition("/")[2]


def _split_files(place: Path, kind: str) -> tuple[Path, Path]:
    """Torchreid's file of splits and that of the new protocol's authors, whether they are there or not."""
    return place / f"splits_new_{kind}.json", place / f"cuhk03_new_protocol_config_{kind}.mat"


def _original(folder: Path) -> Path | None:
    places = (folder / ORIGINAL, folder / "cuhk03_release" / ORIGINAL)
    return next((file for file in places if file.is_file()), None)


def _other_kind(place: Path, kind: str) -> str:
    other = next(name for name in KINDS if name != kind)
    if (place / f"images_{other}").is_dir():
        return f"images_{other} lies beside them and is not read; rename {f'images_{kind}'} to use it"
    return "their boxes were drawn by people" if kind == "labeled" else "their boxes come from a detector"
