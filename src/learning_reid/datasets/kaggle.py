"""Published sets from Kaggle, through its own client: what it needs, what may go wrong, and the labels afterwards.

The client unpacks what it fetched. A name in the archive that would leave the folder (`../x`) is refused in a tar file
and cut short in a zip file, and a link in a zip file becomes a plain file, so nothing is ever written elsewhere.
"""

import logging
import re
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import requests

from learning_reid.datasets.csv_file import LABELS_FILE
from learning_reid.datasets.csv_writing import write_csv
from learning_reid.datasets.listing import find_below, pictures_in, sub_folders
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.sample import CropDataset
from learning_reid.errors import UserError, did_you_mean
from learning_reid.io.logs import logged_from


class Source(NamedTuple):
    """Where somebody has put a set, and how it is read."""

    handle: str
    layout: str
    about: str


SOURCES = {
    "market1501": Source("pengcw1/market-1501", "market1501", "Market-1501: 1,501 people, 6 cameras"),
    "cuhk03": Source("priyanagda/cuhk03", "cuhk03", "CUHK03, unpacked: 1,467 people, pairs of cameras"),
    "casia-webface": Source("debarghamitraroy/casia-webface", "identities", "CASIA-WebFace: faces of 10,575 people"),
}
MARKET_PUBLISHED = {"train": 12_936, "query": 3_368, "gallery": 15_913}  # without the 3,819 junk pictures
HANDLE = re.compile(r"\w[\w-]*/\w[\w-]*(/versions/[0-9]+)?")
REFUSED = (401, 403)
MISSING = 404
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError)


class Fetched(NamedTuple):
    """What has arrived: the crops, the table of their labels (None where it could not be written), what to be told."""

    crops: CropDataset
    table: Path | None
    notes: list[str]


def fetch(name: str, handle: str | None = None, out: Path | None = None) -> Fetched:
    """Download a set from Kaggle and write its labels as a CSV beside the pictures.

    Args:
        name: one of `SOURCES`.
        handle: OWNER/NAME of another upload of the same set.
        out: an empty or new folder; without it the client's own cache, where a second call finds the set again.

    Raises:
        UserError: unknown name, no network, no such upload, Kaggle asks who you are, a damaged archive, or an upload
            that holds something else.
    """
    if name not in SOURCES:
        raise UserError(f"unknown set {name!r} for data fetch: {did_you_mean(name, SOURCES)}")
    source = SOURCES[name]
    handle = handle or source.handle
    if not HANDLE.fullmatch(handle):
        raise UserError(f"{handle!r} is no Kaggle handle; give OWNER/NAME, as in kaggle.com/datasets/OWNER/NAME")
    folder = _download(name, handle, out)
    place = _faces(folder) if source.layout == "identities" else folder
    crops = open_dataset(source.layout, place)
    notes = [*crops.notes, *(_compared(crops) if name == "market1501" else [])]
    table = (out or _common_folder(crops)) / LABELS_FILE
    if table.exists():
        return Fetched(crops, table, [*notes, f"{table} was there already and is left as it is"])
    try:
        return Fetched(crops, write_csv(crops, table), notes)
    except UserError:  # Kaggle and Colab lend their cache for reading only
        return Fetched(crops, None, notes)


def _download(name: str, handle: str, out: Path | None) -> Path:
    import kagglehub  # here: it takes a second, and only this function needs it
    from kagglehub.config import get_kaggle_credentials
    from kagglehub.exceptions import DataCorruptionError

    try:
        get_kaggle_credentials()  # without any, public sets may still be given out
    except (ValueError, OSError) as error:
        raise UserError(f"{error}; write that file anew (kaggle.com -> Settings -> API) or remove it") from None
    try:
        with logged_from(logging.WARNING, "kagglehub"):  # it tells each step on stdout, where only results belong
            return Path(kagglehub.dataset_download(handle, output_dir=str(out) if out else None))
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else None
        raise UserError(_told_status(status, name, handle)) from None
    except (requests.ConnectionError, requests.Timeout):
        raise UserError(f"Kaggle cannot be reached; check the network.\n{_by_hand(name, handle)}") from None
    except FileExistsError:
        raise UserError(f"{out} is not empty and holds no complete download; name another folder or empty it") from None
    except (*DAMAGED, DataCorruptionError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"what Kaggle sent for {handle} is damaged or unsafe ({reason}); name another --handle"
        ) from None
    except OSError as error:
        raise UserError(f"the download of {handle} cannot be kept ({error}); make room or name another --out") from None


def _told_status(status: int | None, name: str, handle: str) -> str:
    if status == MISSING:
        return (
            f"Kaggle has no data set {handle} (any more); search kaggle.com/datasets for {name} and name what you find "
            "with --handle OWNER/NAME"
        )
    if status in REFUSED:
        return (
            f"Kaggle wants to know who asks for {handle}: make a token at kaggle.com -> Settings -> API, and set "
            "KAGGLE_API_TOKEN to it (older tokens: KAGGLE_USERNAME and KAGGLE_KEY, or ~/.kaggle/kaggle.json).\n"
            "On Colab, put KAGGLE_API_TOKEN under Secrets; on Kaggle itself nothing is needed.\n"
            f"{_by_hand(name, handle)}"
        )
    return f"Kaggle answered with status {status}; try again later.\n{_by_hand(name, handle)}"


def _by_hand(name: str, handle: str) -> str:
    return (
        f"By hand: download kaggle.com/datasets/{handle}, unpack it, then: "
        f"python src/main.py data convert --dataset {SOURCES[name].layout} --root FOLDER"
    )


def _faces(folder: Path) -> Path:
    """The folder that holds one folder for each person; the upload may wrap it in others."""
    if records := sorted(folder.rglob("*.rec")):
        raise UserError(
            f"{records[0]} is a RecordIO file of MXNet, which this project does not read; unpack it with InsightFace's "
            "tools into one folder for each person and use --dataset identities, or name another upload with --handle"
        )
    return find_below(
        folder, lambda place: any(map(pictures_in, sub_folders(place)[:3])), "one folder of pictures for each person"
    )


def _compared(crops: CropDataset) -> list[str]:
    """How this upload differs from the published Market-1501."""
    counts = Counter(sample.split for sample in crops.samples)
    different = [
        f"{split} {counts[split]:,} instead of {published:,}"  # type: ignore[index]
        for split, published in MARKET_PUBLISHED.items()
        if counts[split] != published  # type: ignore[index]
    ]
    if not different:
        return ["as many pictures in train, query and gallery as published"]
    return [f"this upload is not the published Market-1501: {', '.join(different)}; its figures compare to no paper's"]


def _common_folder(crops: CropDataset) -> Path:
    """The deepest folder that all pictures lie below, so that the table is found where the set is."""
    folders = [set(sample.path.parents) for sample in crops.samples]
    return max(set.intersection(*folders), key=lambda folder: len(folder.parts))
