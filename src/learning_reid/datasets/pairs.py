"""Pairs of pictures: which ones to compare, whether they show one person, and how alike a network finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from learning_reid.datasets.embeddings import embed_samples
from learning_reid.datasets.file_names import JUNK, is_distractor, market_label
from learning_reid.datasets.sample import Sample
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_SUFFIXES, image_files

ALL_PAIRS_OF = 8  # pictures, at most; more are paired by a rule
MOST_PAIRS = 6  # of each answer, where a rule chooses


@dataclass(frozen=True)
class Pair:
    """Two pictures, and whether they show one person (None: nobody knows)."""

    first: Path
    second: Path
    same: bool | None


@dataclass(frozen=True)
class ChosenPairs:
    """Pairs, and in a few words how they were chosen."""

    pairs: Sequence[Pair]
    rule: str


@dataclass(frozen=True, eq=False)
class PairMeasures:
    """How alike a network finds p pairs, told in three ways; each (p,) float64.

    Attributes:
        cosine: of the angle between the two features, -1..1, large = alike.
        euclidean: distance of the two features, each of length 1: 0..2, small = alike.
        bounded: 1 / (1 + distance), 1/3..1, large = alike.
    """

    cosine: np.ndarray
    euclidean: np.ndarray
    bounded: np.ndarray


def measure_pairs(pairs: Sequence[Pair], embedder: Embedder, label: str = "embedding") -> PairMeasures:
    """Ask a network about pairs; a picture that stands in several is embedded once.

    Raises:
        UserError: a picture cannot be read, or the network answers with zeros or no numbers.
    """
    samples = [Sample(path, None, "") for pair in pairs for path in (pair.first, pair.second)]
    features = embed_samples(samples, embedder, label)  # (2 p, d)
    return measure_features(features[0::2], features[1::2])


def measure_features(first: np.ndarray, second: np.ndarray) -> PairMeasures:
    """Compare row by row (p, d) with (p, d).

    >>> measured = measure_features(np.array([[2.0, 0.0]]), np.array([[0.0, 3.0]]))
    >>> [float(values[0].round(3)) for values in (measured.cosine, measured.euclidean, measured.bounded)]
    [0.0, 1.414, 0.414]
    """
    first, second = l2_normalize(first), l2_normalize(second)
    distance = np.linalg.norm(first - second, axis=1)  # (p,)
    return PairMeasures(np.einsum("pd,pd->p", first, second).clip(-1, 1), distance, 1 / (1 + distance))


def gather_images(named: Sequence[Path]) -> list[Path]:
    """Pictures from files and folders, each once; a folder stands for those that lie directly in it, in natural order.

    Raises:
        UserError: something is missing, a folder holds no pictures, or there are fewer than two.
    """
    found: dict[Path, Path] = {}
    for entry in named:
        entry = entry.expanduser()
        files = image_files(entry) if entry.is_dir() else [entry]
        if not files:
            raise UserError(f"no pictures in the folder {entry}; name a folder of {', '.join(IMAGE_SUFFIXES)} files")
        for file in files:
            if not file.is_file():
                raise UserError(f"{file} is missing; name picture files, or a folder of them")
            found.setdefault(file.resolve(), file)
    if len(found) < 2:
        raise UserError(f"a pair needs two pictures, but only {next(iter(found.values()))} was named; add another")
    return list(found.values())


def same_person(first: Path, second: Path) -> bool | None:
    """What two names in the manner of Market-1501 tell; None where one tells nothing, or is of junk or a stranger.

    >>> same_person(Path("0001_c1s1_000001_00.jpg"), Path("0001_c2s1_000009_00.jpg"))
    True
    >>> same_person(Path("0001_c1s1_000001_00.jpg"), Path("holiday.jpg")) is None
    True
    """
    persons = _person(first), _person(second)
    return None if None in persons else persons[0] == persons[1]


def choose_pairs(pictures: Sequence[Path], most: int = MOST_PAIRS) -> ChosenPairs:
    """All pairs of up to 8 pictures; of more, as many of one person as of two, by what their names tell.

    The rule: a pair of one person is the person's first picture from one camera and the first from another (where
    nobody was seen by two cameras: the person's first two pictures). A pair of two persons is the first picture of
    one such pair and the second picture of the next; the last is followed by the first.

    Args:
        pictures: at least two.
        most: pairs of each answer, at most; not looked at where all pairs are taken.

    Raises:
        UserError: there are more than 8 pictures, and no two of one person by their names.
    """
    if len(pictures) <= ALL_PAIRS_OF:
        pairs = [Pair(first, second, same_person(first, second)) for first, second in combinations(pictures, 2)]
        return ChosenPairs(pairs, f"all pairs of {len(pictures)} pictures")
    crossing, within = _pairs_of_persons(pictures)
    same = crossing or within
    if not same:
        raise UserError(
            f"{len(pictures)} pictures, and no two of one person by their names (0001_c1….jpg); name the pairs with "
            f"--pairs FILE, or give at most {ALL_PAIRS_OF} pictures"
        )
    chosen = same[:most]
    after = [*chosen[1:], chosen[0]] if len(chosen) > 1 else []
    other = [Pair(pair.first, following.second, False) for pair, following in zip(chosen, after, strict=False)]
    what = "seen by two cameras, each in its first picture from both" if crossing else "each in its first two pictures"
    rule = (
        f"{len(chosen)} of the {len(same)} persons {what}, in the order of the pictures; "
        f"then {len(other)} of two persons, each one's first picture with the next one's second"
    )
    return ChosenPairs([*chosen, *other], rule)


def _pairs_of_persons(pictures: Sequence[Path]) -> tuple[list[Pair], list[Pair]]:
    """For each person a pair across cameras, and one of the first two pictures, where there are such."""
    by_person: dict[str, list[Path]] = {}
    for picture in pictures:
        if (person := _person(picture)) is not None:
            by_person.setdefault(person, []).append(picture)
    crossing, within = [], []
    for first, *others in by_person.values():
        elsewhere = [other for other in others if _camera(other) != _camera(first)]
        crossing += [Pair(first, other, True) for other in elsewhere[:1]]
        within += [Pair(first, other, True) for other in others[:1]]
    return crossing, within


def _person(picture: Path) -> str | None:
    label = market_label(picture.stem)
    return None if label is None or label.person_id == JUNK or is_distractor(label.person_id) else label.person_id


def _camera(picture: Path) -> str:
    label = market_label(picture.stem)
    return "" if label is None else label.camera_id
