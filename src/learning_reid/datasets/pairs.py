"""Choose pairs of images, or read them from a file, and measure how similar their embeddings are."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from learning_reid.datasets.csv_table import CsvRow, read_rows
from learning_reid.datasets.embeddings import embed_samples
from learning_reid.datasets.file_names import JUNK, NameLabel, is_distractor, market_label
from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.datasets.sample import Sample
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.errors import UserError, did_you_mean
from learning_reid.frames.images import IMAGE_SUFFIXES, image_files

MAX_IMAGES_FOR_ALL_PAIRS = 8  # pairs of more images are chosen by a rule
MAX_PAIRS = 6  # of one person, and as many of two persons
LabeledImages = Mapping[Path, NameLabel | None]
_SAME = {"yes": True, "no": False, "": None}


@dataclass(frozen=True)
class ImagePair:
    """Two images and whether they show one person; None if unknown."""

    first: Path
    second: Path
    same: bool | None


@dataclass(frozen=True)
class ChosenPairs:
    """Pairs, and in a few words how they were chosen."""

    pairs: Sequence[ImagePair]
    rule: str


@dataclass(frozen=True, eq=False)
class PairMeasures:
    """Similarity of p pairs of embeddings, each attribute (p,) float64."""

    cosine: np.ndarray  #: Cosine similarity, -1..1
    euclidean: np.ndarray  #: Distance of the unit vectors, 0..2
    bounded: np.ndarray  #: 1 / (1 + euclidean), 1/3..1


def measure_pairs(pairs: Sequence[ImagePair], embedder: Embedder, label: str = "embedding") -> PairMeasures:
    """Embed the images of the pairs, each once, and compare them."""
    samples = [Sample(path, None, "") for pair in pairs for path in (pair.first, pair.second)]
    embeddings = embed_samples(samples, embedder, label)  # (2 p, d)
    return measure_features(embeddings[0::2], embeddings[1::2])


def measure_features(first: np.ndarray, second: np.ndarray) -> PairMeasures:
    """Compare the rows of two (p, d) arrays of embeddings.

    >>> measured = measure_features(np.array([[2.0, 0.0]]), np.array([[0.0, 3.0]]))
    >>> [float(values[0].round(3)) for values in (measured.cosine, measured.euclidean, measured.bounded)]
    [0.0, 1.414, 0.414]
    """
    first, second = l2_normalize(first), l2_normalize(second)
    distance = np.linalg.norm(first - second, axis=1)  # (p,)
    return PairMeasures(np.einsum("pd,pd->p", first, second).clip(-1, 1), distance, 1 / (1 + distance))


def gather_images(paths: Sequence[Path]) -> LabeledImages:
    """Return the given image files and those of the given folders, each once, with their labels.

    A folder has images, in natural order and labeled by their names, or a folder for each person, or another layout.
    """
    found: dict[str, tuple[Path, NameLabel | None]] = {}
    for path in paths:
        for file, label in _labeled_images(path.expanduser()):
            if not file.is_file():
                raise UserError(f"{file} is missing; name image files, or a folder of them")
            found.setdefault(os.path.abspath(file), (file, label))
    if len(found) < 2:
        raise UserError(f"a pair needs two images, but only {next(iter(found.values()))[0]} was named; add another")
    return dict(found.values())


def _labeled_images(path: Path) -> list[tuple[Path, NameLabel | None]]:
    if not path.is_dir():
        return [(path, name_label(path))]
    if files := image_files(path):
        return [(file, name_label(file)) for file in files]
    if not any(each.is_file() for each in path.rglob("*")):
        raise UserError(f"no images in the folder {path}; name a folder of {', '.join(IMAGE_SUFFIXES)} files")
    samples = open_dataset(recognize_dataset(path), path).samples
    if any(sample.box_xyxy is not None for sample in samples):
        raise UserError(f"{path} has frames with boxes; cut them into crops first: main.py data cut")
    return [
        (sample.path, None if sample.person_id is None else NameLabel(sample.person_id, sample.camera_id))
        for sample in samples
    ]


def name_label(image: Path) -> NameLabel | None:
    """Return the label in a file name like those of Market-1501; None if there is none, for junk and distractors."""
    label = market_label(image.stem)
    return None if label is None or label.person_id == JUNK or is_distractor(label.person_id) else label


def same_person(first: NameLabel | None, second: NameLabel | None) -> bool | None:
    """Compare two identities; None if one is unknown.

    >>> same_person(NameLabel("0001", "1"), NameLabel("0001", "2")), same_person(NameLabel("0001", "1"), None)
    (True, None)
    """
    return None if first is None or second is None else first.person_id == second.person_id


def choose_pairs(images: LabeledImages, most: int = MAX_PAIRS) -> ChosenPairs:
    """Pair up to 8 images in every way; of more images, choose pairs by their identities.

    The rule: a pair of one person is the person's first image from one camera and the first from another. If no one
    was seen by two cameras, it is the person's first two images. A pair of two persons is the first image of one such
    pair and the second image of the next; the last pair is followed by the first. There are at most `most` pairs of one
    person, and as many of two persons.

    Raises:
        UserError: There are more than 8 images, and no two with the same identity.
    """
    if len(images) <= MAX_IMAGES_FOR_ALL_PAIRS:
        pairs = [
            ImagePair(first, second, same_person(images[first], images[second]))
            for first, second in combinations(images, 2)
        ]
        return ChosenPairs(pairs, f"all pairs of {len(images)} images")
    across, within = _pairs_of_persons(images)
    same = across or within
    if not same:
        raise UserError(
            f"{len(images)} images, and no two of one person by their names (0001_c1….jpg) or folders; name the pairs "
            f"with --pairs FILE, or give at most {MAX_IMAGES_FOR_ALL_PAIRS} images"
        )
    chosen = same[:most]
    following = [*chosen[1:], chosen[0]] if len(chosen) > 1 else []
    other = [ImagePair(pair.first, after.second, False) for pair, after in zip(chosen, following, strict=False)]
    what = "seen by two cameras, each in the first image from both" if across else "each in the first two images"
    rule = (
        f"{len(chosen)} of the {len(same)} persons {what}, in the order of the images; "
        f"then {len(other)} of two persons, the first image of each with the second of the next"
    )
    return ChosenPairs([*chosen, *other], rule)


def read_pairs(file: Path, images: LabeledImages) -> ChosenPairs:
    """Read the pairs of a CSV file.

    An image is given by its file name, or by a path relative to the file's folder or the current one. If `same` is
    empty, the labels of the images decide whether they show one person.

    Raises:
        UserError: The file or a column is missing, it has no rows, an image is unknown, or `same` is invalid.
    """
    rows = read_rows(file, ("a", "b"), "the first line must be a,b or a,b,same")
    pairs = [_pair(f"{file}, line {row.line}", file.parent, row, images) for row in rows]
    if not pairs:
        raise UserError(f"{file} contains no pairs; write a line for each: two images, and yes, no or nothing")
    return ChosenPairs(pairs, f"those of {file.name}")


def _pairs_of_persons(images: LabeledImages) -> tuple[list[ImagePair], list[ImagePair]]:
    """Return for each person a pair across cameras, and a pair of the first two images, where they exist."""
    by_person: dict[str, list[tuple[Path, str]]] = {}
    for image, label in images.items():
        if label is not None:
            by_person.setdefault(label.person_id, []).append((image, label.camera_id))
    across, within = [], []
    for (first, camera), *others in by_person.values():
        across += [ImagePair(first, image, True) for image, other in others if other != camera][:1]
        within += [ImagePair(first, image, True) for image, _ in others[:1]]
    return across, within


def _pair(where: str, folder: Path, row: CsvRow, images: LabeledImages) -> ImagePair:
    first, second = (_find_image(where, folder, row[column], images) for column in ("a", "b"))
    if first == second:
        raise UserError(f"{where}: {first.name} is paired with itself; name another image")
    same = row["same"].lower()
    if same not in _SAME:
        raise UserError(f"{where}: same is {same!r}; write yes, no or nothing")
    return ImagePair(first, second, _SAME[same] if same else same_person(images[first], images[second]))


def _find_image(where: str, folder: Path, written: str, images: LabeledImages) -> Path:
    if not written:
        raise UserError(f"{where}: a pair needs two images, in the columns a and b")
    places = {os.path.abspath(place) for place in (folder / written, Path(written).expanduser())}
    matches = [image for image in images if os.path.abspath(image) in places]
    matches = matches or [image for image in images if image.name == written]
    if not matches:
        guess = did_you_mean(written, [image.name for image in images])
        raise UserError(f"{where}: {written} is not one of the images of --images; {guess}")
    if len(matches) > 1:
        raise UserError(f"{where}: several images are called {written}; write its path")
    return matches[0]
