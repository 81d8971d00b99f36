"""Which layout a folder has, from a glance at what lies there."""

from collections.abc import Callable
from pathlib import Path

from learning_reid.datasets.csv_file import PREFERRED
from learning_reid.datasets.cuhk03 import has_cuhk03_folders
from learning_reid.datasets.file_names import duke_label, market_label
from learning_reid.datasets.listing import find_below, pictures_in, sub_folders
from learning_reid.datasets.market import has_market_folders
from learning_reid.datasets.mot import find_sequences
from learning_reid.datasets.msmt17 import has_msmt17_lists
from learning_reid.datasets.torchreid_names import TORCHREID_SETS
from learning_reid.errors import UserError

ANYTHING = "identities"  # any folders of pictures look like this one
GLANCE = 50  # so many names tell how a folder's pictures are named


def layouts_at(root: Path) -> list[str]:
    """The layouts that fit, the most likely first.

    What lies directly at the root counts before what lies in a folder below.
    """
    if root.is_file():
        return ["csv"] if root.suffix.lower() in (".csv", ".tsv") else []
    direct = [name for name, fits in _SIGNS.items() if _safely(fits, root)]
    below = [name for name in _BELOW if name not in direct and _below(root, _SIGNS[name])]
    last = [ANYTHING] if _safely(_has_identities, root) else []
    return direct + below + last


def _is_market(folder: Path) -> bool:
    return has_market_folders(folder) and not _is_duke(folder)


def _is_duke(folder: Path) -> bool:
    return has_market_folders(folder) and any(duke_label(picture.stem) for picture in pictures_in(folder / "query")[:1])


def _has_table(folder: Path) -> bool:
    tables = list(folder.glob("*.csv"))
    return len(tables) == 1 or (folder / PREFERRED).is_file()


def _is_named_folder(folder: Path) -> bool:
    names = [picture.stem for picture in pictures_in(folder)[:GLANCE]]
    return sum(market_label(name) is not None for name in names) * 2 > len(names)


def _has_identities(folder: Path) -> bool:
    return any(pictures_in(person) or any(map(pictures_in, sub_folders(person))) for person in sub_folders(folder)[:3])


def _torchreid(name: str) -> Callable[[Path], bool]:
    known = TORCHREID_SETS[name]
    return lambda folder: (folder / known.sign).exists() or (folder / known.folder / known.sign).exists()


_SIGNS: dict[str, Callable[[Path], bool]] = {
    "market1501": _is_market,
    "dukemtmcreid": _is_duke,
    "msmt17": has_msmt17_lists,
    "cuhk03": has_cuhk03_folders,
    **{name: _torchreid(name) for name in TORCHREID_SETS},
    "csv": _has_table,
    "mot": lambda folder: bool(find_sequences(folder)),
    "folder": _is_named_folder,
}
_BELOW = ("market1501", "dukemtmcreid", "msmt17", "cuhk03")


def _safely(fits: Callable[[Path], bool], folder: Path) -> bool:
    try:
        return fits(folder)
    except (UserError, OSError):  # a guess has no opinion about what cannot be listed
        return False


def _below(root: Path, fits: Callable[[Path], bool]) -> bool:
    try:
        find_below(root, lambda folder: _safely(fits, folder), "anything")
    except UserError:
        return False
    return True
