"""Read image pairs from a CSV file `a,b[,same]`, where `same` is yes, no or empty."""

from collections.abc import Sequence
from pathlib import Path

from learning_reid.datasets.csv_table import CsvRow, read_rows
from learning_reid.datasets.pairs import ChosenPairs, ImagePair, same_person
from learning_reid.errors import UserError, did_you_mean

_SAME = {"yes": True, "no": False, "": None}


def read_pairs(file: Path, images: Sequence[Path]) -> ChosenPairs:
    """Read the pairs of a CSV file.

    An image is given by its file name, or by a path relative to the file's folder or the current one. If `same` is
    empty, names like those of Market-1501 decide whether two images show one person.

    Args:
        file: The table; other columns are ignored.
        images: The images that may be paired.

    Raises:
        UserError: The file or a column is missing, it has no rows, an image is unknown, or `same` is invalid.
    """
    rows = read_rows(file, ("a", "b"), "the first line must be a,b or a,b,same")
    pairs = [_pair(f"{file}, line {row.line}", file.parent, row, images) for row in rows]
    if not pairs:
        raise UserError(f"{file} contains no pairs; write a line for each: two images, and yes, no or nothing")
    return ChosenPairs(pairs, f"those of {file.name}")


def _pair(where: str, folder: Path, row: CsvRow, images: Sequence[Path]) -> ImagePair:
    first, second = (_find_image(where, folder, row[column], images) for column in ("a", "b"))
    if first == second:
        raise UserError(f"{where}: {first.name} is paired with itself; name another image")
    same = row["same"].lower()
    if same not in _SAME:
        raise UserError(f"{where}: same is {same!r}; write yes, no or nothing")
    return ImagePair(first, second, _SAME[same] if same else same_person(first, second))


def _find_image(where: str, folder: Path, written: str, images: Sequence[Path]) -> Path:
    if not written:
        raise UserError(f"{where}: a pair needs two images, in the columns a and b")
    places = {(folder / written).resolve(), Path(written).expanduser().resolve()}
    matches = [image for image in images if image.resolve() in places]
    matches = matches or [image for image in images if image.name == written]
    if not matches:
        guess = did_you_mean(written, [image.name for image in images])
        raise UserError(f"{where}: {written} is not one of the images of --images; {guess}")
    if len(matches) > 1:
        raise UserError(f"{where}: several images are called {written}; write its path")
    return matches[0]
