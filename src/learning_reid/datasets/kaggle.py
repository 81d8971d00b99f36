"""Download published datasets from Kaggle with its own client, and write their labels.

The client unpacks the archive and cannot write outside the folder: it refuses a tar file with a path such as `../x`,
removes that part in a zip file, and writes a link in a zip file as a plain file.
"""

import logging
import re
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import requests

from learning_reid.datasets.csv_file import LABELS_FILE, write_csv
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.listing import find_below, images_in, sub_folders
from learning_reid.datasets.sample import CropDataset
from learning_reid.errors import UserError, did_you_mean
from learning_reid.io.logs import limit_logging


class KaggleDataset(NamedTuple):
    """A known upload, its layout, and one line about it."""

    handle: str
    layout: str
    about: str


KAGGLE_DATASETS = {
    "market1501": KaggleDataset("pengcw1/market-1501", "market1501", "Market-1501: 1,501 people, 6 cameras"),
    "cuhk03": KaggleDataset("priyanagda/cuhk03", "cuhk03", "CUHK03, unpacked: 1,467 people, pairs of cameras"),
    "casia-webface": KaggleDataset(
        "debarghamitraroy/casia-webface", "identities", "CASIA-WebFace: faces of 10,575 people"
    ),
}
MARKET_PUBLISHED = {"train": 12_936, "query": 3_368, "gallery": 15_913}  # without the 3,819 junk images
HANDLE = re.compile(r"\w[\w-]*/\w[\w-]*(/versions/[0-9]+)?")
REFUSED = (401, 403)
NOT_FOUND = 404
ARCHIVE_ERRORS = (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError)


class FetchedDataset(NamedTuple):
    """A downloaded dataset, its table of labels (None if the folder is read-only), and sentences for the user."""

    dataset: CropDataset
    table: Path | None
    notes: list[str]


def fetch_dataset(name: str, handle: str | None = None, out: Path | None = None) -> FetchedDataset:
    """Download a dataset from Kaggle and write its labels as a CSV file beside the images.

    Args:
        name: One of `KAGGLE_DATASETS`.
        handle: OWNER/NAME of another upload of the same dataset.
        out: An empty or new folder; None uses the client's cache, which avoids a second download.

    Raises:
        UserError: The name is unknown, Kaggle cannot be reached, has no such upload or requires a login, or the
            archive is damaged or contains something else.
    """
    if name not in KAGGLE_DATASETS:
        raise UserError(f"unknown dataset {name!r} for data fetch: {did_you_mean(name, KAGGLE_DATASETS)}")
    known = KAGGLE_DATASETS[name]
    handle = handle or known.handle
    if not HANDLE.fullmatch(handle):
        raise UserError(f"{handle!r} is not a Kaggle handle; give OWNER/NAME, as in kaggle.com/datasets/OWNER/NAME")
    folder = _download(name, handle, out)
    root = _identity_folders(folder) if known.layout == "identities" else folder
    dataset = open_dataset(known.layout, root)
    notes = [*dataset.notes, *(_compare_with_published(dataset) if name == "market1501" else [])]
    table = (out or _common_folder(dataset)) / LABELS_FILE
    if table.exists():
        return FetchedDataset(dataset, table, [*notes, f"{table} already exists and is not replaced"])
    try:
        return FetchedDataset(dataset, write_csv(dataset.samples, table), notes)
    except UserError:  # the cache of Kaggle and Colab is read-only
        return FetchedDataset(dataset, None, notes)


def _download(name: str, handle: str, out: Path | None) -> Path:
    import kagglehub  # imported here because it takes a second
    from kagglehub.config import get_kaggle_credentials
    from kagglehub.exceptions import DataCorruptionError

    try:
        get_kaggle_credentials()  # public datasets can be downloaded without credentials
    except (ValueError, OSError) as error:
        raise UserError(f"{error}; create that file again (kaggle.com -> Settings -> API) or remove it") from None
    try:
        with limit_logging(logging.WARNING, "kagglehub"):  # it logs each step to stdout, which is for results
            return Path(kagglehub.dataset_download(handle, output_dir=str(out) if out else None))
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else None
        raise UserError(_explain_status(status, name, handle)) from None
    except (requests.ConnectionError, requests.Timeout):
        raise UserError(f"Kaggle cannot be reached; check the network.\n{_by_hand(name, handle)}") from None
    except FileExistsError:
        raise UserError(
            f"{out} is not empty and has no complete download; name another folder or empty this one"
        ) from None
    except (*ARCHIVE_ERRORS, DataCorruptionError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"the archive of {handle} is damaged or unsafe ({reason}); choose another upload with --handle"
        ) from None
    except OSError as error:
        raise UserError(
            f"the download of {handle} cannot be saved ({error}); free some space or choose another --out"
        ) from None


def _explain_status(status: int | None, name: str, handle: str) -> str:
    if status == NOT_FOUND:
        return (
            f"Kaggle has no dataset {handle}; search kaggle.com/datasets for {name} and choose another upload with "
            "--handle OWNER/NAME"
        )
    if status in REFUSED:
        return (
            f"Kaggle requires a login for {handle}: create a token at kaggle.com -> Settings -> API, and set "
            "KAGGLE_API_TOKEN to it (older tokens: KAGGLE_USERNAME and KAGGLE_KEY, or ~/.kaggle/kaggle.json).\n"
            "On Colab, add KAGGLE_API_TOKEN under Secrets; on Kaggle itself nothing is needed.\n"
            f"{_by_hand(name, handle)}"
        )
    return f"Kaggle returned status {status}; try again later.\n{_by_hand(name, handle)}"


def _by_hand(name: str, handle: str) -> str:
    return (
        f"By hand: download kaggle.com/datasets/{handle}, unpack it, then: "
        f"python src/main.py data convert --dataset {KAGGLE_DATASETS[name].layout} --root FOLDER"
    )


def _identity_folders(folder: Path) -> Path:
    """Return the folder that contains one folder per person; an upload may wrap it in others."""
    if records := sorted(folder.rglob("*.rec")):
        raise UserError(
            f"{records[0]} is a RecordIO file of MXNet, which is not supported; unpack it with InsightFace's tools "
            "into one folder for each person and use --dataset identities, or choose another upload with --handle"
        )
    return find_below(
        folder, lambda place: any(map(images_in, sub_folders(place)[:3])), "one folder of images for each person"
    )


def _compare_with_published(dataset: CropDataset) -> list[str]:
    counts = Counter[str](sample.split for sample in dataset.samples)
    different = [
        f"{split} {counts[split]:,} instead of {published:,}"
        for split, published in MARKET_PUBLISHED.items()
        if counts[split] != published
    ]
    if not different:
        return ["as many images in train, query and gallery as published"]
    return [f"this upload is not the published Market-1501: {', '.join(different)}; do not compare results with papers"]


def _common_folder(dataset: CropDataset) -> Path:
    """Return the deepest folder that contains all images."""
    folders = [set(sample.path.parents) for sample in dataset.samples]
    return max(set.intersection(*folders), key=lambda folder: len(folder.parts))
