"""Open a dataset by the name of its layout, or recognize the layout from the files on disk."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from learning_reid.datasets.csv_file import LABELS_FILE
from learning_reid.datasets.cuhk03 import has_cuhk03_folders
from learning_reid.datasets.file_names import duke_label, market_label
from learning_reid.datasets.findings import Findings, WrongLayout, raise_first_error
from learning_reid.datasets.label_spelling import normalize_labels
from learning_reid.datasets.listing import any_below, images_in, refuse_incomplete, sub_folders
from learning_reid.datasets.market import describe_incomplete_market, has_market_folders
from learning_reid.datasets.mot import find_sequences
from learning_reid.datasets.msmt17 import describe_incomplete_msmt17, has_msmt17_lists
from learning_reid.datasets.registry import READERS
from learning_reid.datasets.sample import CropDataset, Sample
from learning_reid.datasets.splits import has_split_folders
from learning_reid.datasets.torchreid_datasets import TORCHREID_DATASETS
from learning_reid.errors import UserError

FALLBACK = "identities"  # fits any folder of folders with images
NAMES_CHECKED = 50  # file names that are enough to tell how a folder's images are named


def list_datasets() -> list[str]:
    """Return the names that `open_dataset` and `--dataset` accept."""
    return READERS.names()


def describe_datasets() -> dict[str, str]:
    """Return each name with a one-line description."""
    return READERS.describe()


def open_dataset(name: str | None, root: Path) -> CropDataset:
    """Read the labels of a dataset; image files are not opened and nothing is downloaded.

    Args:
        name: One of `list_datasets()`, or None to recognize the layout.
        root: The dataset's folder or one above it; for "csv" also the file itself.

    Raises:
        UserError: The name is unknown, nothing is at `root`, the layout is another one, or a label is invalid.

    Example:
        ::

            dataset = open_dataset("market1501", Path("data/Market-1501"))
            dataset.subset("query")[0].person_id
    """
    name = name or recognize_dataset(root)
    found = Findings()
    samples = read_samples(name, root, found)
    raise_first_error(root, found)
    return CropDataset(name, root, tuple(samples), tuple(finding.sentence() for finding in found))


def read_samples(name: str, root: Path, found: Findings) -> list[Sample]:
    """Read all valid samples, like `open_dataset`, but add invalid labels to `found` and continue.

    Raises:
        UserError: The name is unknown, nothing is at `root`, or the layout is another one.
    """
    read = READERS.load(name)
    _check_root(name, root)
    try:
        samples = normalize_labels(read(root, found), found)
    except WrongLayout as error:
        raise UserError(f"{error}{_other_layout(name, root)}") from None
    errors = any(finding.severity == "error" for finding in found)
    if not samples and not errors:
        reason = f" ({first.sentence()})" if (first := next(iter(found), None)) else ""
        raise UserError(f"{root} has no labeled image in the layout {name!r}{reason}{_other_layout(name, root)}")
    return samples


def recognize_dataset(root: Path) -> str:
    """Return the name of the layout at `root` or in a folder below it.

    Raises:
        UserError: Nothing is there, no known layout, or an incomplete one.
    """
    _check_root("csv", root)
    layouts = layouts_at(root)
    if not layouts or layouts[0] == FALLBACK:  # a folder of a part is no person's
        for describe_incomplete in (describe_incomplete_market, describe_incomplete_msmt17):
            refuse_incomplete(root, describe_incomplete)
    if layouts:
        return layouts[0]
    if root.is_file():
        raise UserError(f"{root} is not a CSV file; name the folder with the images, or a CSV file of labels")
    lines = "\n".join(
        f"  {name:<14}{about}" for name, about in describe_datasets().items() if name not in TORCHREID_DATASETS
    )
    raise UserError(f"{root} has none of these layouts; name one with --dataset, or change the folder:\n{lines}")


def layouts_at(root: Path) -> list[str]:
    """Return the layouts that fit, the most likely first: those directly at `root` before those in folders below."""
    if root.is_file():
        return ["csv"] if root.suffix.lower() in (".csv", ".tsv") else []
    direct = [name for name, fits in _FITS.items() if _fits_safely(fits, root)]
    below = [
        name for name in _SEARCHED_BELOW if name not in direct and any_below(root, partial(_fits_safely, _FITS[name]))
    ]
    last = [FALLBACK] if _fits_safely(_has_identity_folders, root) else []
    return direct + below + last


def _check_root(name: str, root: Path) -> None:
    if not root.exists():
        raise UserError(f"there is no {root.absolute()}; name the folder with the images")
    if root.is_file() and name != "csv":
        raise UserError(f"{root} is a file; the layout {name!r} needs a folder{_other_layout(name, root)}")
    if root.is_dir() and not sub_folders(root) and not any(map(Path.is_file, root.iterdir())):
        raise UserError(f"the folder {root} is empty; copy the images there, or name another folder")


def _other_layout(name: str, root: Path) -> str:
    """Return the end of an error message that names the layout that does fit."""
    likely = next(iter(layouts_at(root)), name)
    return f"; it looks like --dataset {likely}" if likely != name else ""


def _is_duke(folder: Path) -> bool:
    return has_market_folders(folder) and any(duke_label(image.stem) for image in images_in(folder / "query")[:1])


def _has_table(folder: Path) -> bool:
    return len(list(folder.glob("*.csv"))) == 1 or (folder / LABELS_FILE).is_file()


def _has_market_names(folder: Path) -> bool:
    names = [image.stem for image in images_in(folder)[:NAMES_CHECKED]]
    return sum(market_label(name) is not None for name in names) * 2 > len(names)


def _has_identity_folders(folder: Path) -> bool:
    return any(images_in(person) or any(map(images_in, sub_folders(person))) for person in sub_folders(folder)[:3])


_FITS: dict[str, Callable[[Path], bool]] = {
    "market1501": lambda folder: has_market_folders(folder) and not _is_duke(folder),
    "dukemtmcreid": _is_duke,
    "msmt17": has_msmt17_lists,
    "cuhk03": has_cuhk03_folders,
    **{name: known.fits for name, known in TORCHREID_DATASETS.items()},
    "csv": _has_table,
    "mot": lambda folder: bool(find_sequences(folder)),
    "folder": _has_market_names,
    "splits": has_split_folders,
}
_SEARCHED_BELOW = ("market1501", "dukemtmcreid", "msmt17", "cuhk03", "splits")


def _fits_safely(fits: Callable[[Path], bool], folder: Path) -> bool:
    try:
        return fits(folder)
    except (UserError, OSError):  # a folder that cannot be listed does not fit
        return False
