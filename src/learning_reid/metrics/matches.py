"""Where do the true matches stand? The one computation behind CMC, mAP, mINP and the open-set figures.

No ranking of the gallery is needed: the place of a true match is the number of wrong pictures that are nearer. For each
query the distances of its true matches are taken out, the wrong ones are sorted by value, and one binary search for
each match counts. Queries are looked at in blocks, so the matrix of all distances is never held.

Among equal distances the wrong pictures count as nearer. So the order of the gallery changes no figure, and a network
that gives everybody the same distance earns nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.protocol import Protocol, Round
from learning_reid.retrieval.distances import DistanceRows, row_blocks


@dataclass(frozen=True, eq=False)
class Matches:
    """Every true match with its place. A trial is one query before one gallery; only repeated draws give it several.

    Attributes:
        query: (t,) int64, which query each trial belongs to.
        nearest_negative: (t,) float, distance of the nearest wrong picture; infinite where there is none.
        trial: (m,) int64, never falling, which trial each true match belongs to.
        gallery: (m,) int64, row of the match in the gallery; nearest first within a trial.
        distance: (m,) float, of the precision that the distances came in.
        num_negatives_before: (m,) int64, how many wrong pictures are as near or nearer.
    """

    query: np.ndarray
    nearest_negative: np.ndarray
    trial: np.ndarray
    gallery: np.ndarray
    distance: np.ndarray
    num_negatives_before: np.ndarray

    @property
    def number(self) -> np.ndarray:
        """(m,) int64, 0 for the nearest true match of a trial, 1 for the next, …"""
        return np.arange(len(self.trial)) - np.searchsorted(self.trial, self.trial)

    @property
    def rank(self) -> np.ndarray:
        """(m,) int64, place of each true match among all that competes, 1 = nearest."""
        return self.num_negatives_before + self.number + 1


def find_matches(
    distance_rows: DistanceRows,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    rounds: Sequence[Round] | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Matches:
    """Find the place of every true match of every query.

    Args:
        distance_rows: gives the distances of some queries to the whole gallery.
        query: of the q pictures that ask.
        gallery: of the g pictures that answer.
        protocol: what counts as an answer.
        rounds: other rounds than the protocol's, such as one pair of cameras.
        progress: told how many more queries are done.

    Raises:
        ValueError: distances of another shape, some that are not numbers (NaN), or a true match infinitely far away.
    """
    query_rows: list[np.ndarray] = [np.empty(0, np.int64)]
    nearest: list[np.ndarray] = [np.empty(0, np.float32)]
    places: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []  # of each trial: gallery rows, distances, wrong nearer
    for asking, shots in protocol.rounds(query, gallery) if rounds is None else rounds:
        for rows in row_blocks(asking, len(gallery)):
            block = _checked(distance_rows(rows), (len(rows), len(gallery)))
            for shot in shots:
                part, columns = (block, None) if shot is None else (block[:, shot], shot)
                competing = gallery if columns is None else gallery.take(columns)
                found, wrong = _places(part, query.take(rows), competing, protocol)
                places += found if columns is None else [(columns[own], *rest) for own, *rest in found]
                query_rows.append(rows)
                nearest.append(wrong)
            progress(len(rows))
    gallery_rows, distances, num_negatives_before = zip(*places, strict=True) if places else ((), (), ())
    return Matches(
        query=np.concatenate(query_rows),
        nearest_negative=np.concatenate(nearest),
        trial=np.repeat(np.arange(len(places)), [len(rows) for rows in gallery_rows]),
        gallery=np.concatenate([np.empty(0, np.int64), *gallery_rows]),
        distance=np.concatenate([np.empty(0, np.float32), *distances]),
        num_negatives_before=np.concatenate([np.empty(0, np.int64), *num_negatives_before]),
    )


def has_true_match(query: Labels, gallery: Labels, protocol: Protocol) -> np.ndarray:
    """(q,) bool, which queries have somebody to find; no distances are needed to know."""
    has = np.zeros(len(query), bool)
    for asking, shots in protocol.rounds(query, gallery):
        competing = gallery if shots[0] is None else gallery.take(shots[0])
        asks = query.take(asking)
        for place, own in enumerate(_own_pictures(asks, competing)):
            has[asking[place]] = protocol.keeps(asks, place, competing, own).any()
    return has


def _own_pictures(query: Labels, gallery: Labels) -> list[np.ndarray]:
    """For each query the gallery rows of its person; none for a stranger."""
    by_person = np.argsort(gallery.person, kind="stable")
    persons = gallery.person[by_person]
    starts, ends = (np.searchsorted(persons, query.person, side) for side in ("left", "right"))
    ends = np.where(query.person < 0, starts, ends)
    return [by_person[start:end] for start, end in zip(starts, ends, strict=True)]


def _places(
    block: np.ndarray, query: Labels, gallery: Labels, protocol: Protocol
) -> tuple[list[tuple[np.ndarray, np.ndarray, np.ndarray]], np.ndarray]:
    """For each query of a block, whose distances are overwritten: its matches' rows, distances and counts."""
    answers = []
    for row, own in enumerate(_own_pictures(query, gallery)):
        kept = own[protocol.keeps(query, row, gallery, own)]
        kept = kept[np.argsort(block[row, kept], kind="stable")]  # nearest first
        answers.append((kept, block[row, kept]))
        block[row, own] = np.inf  # what is left is wrong
    block.sort(axis=1)  # what is not a number comes last
    if np.isnan(block[:, -1:]).any() or not all(np.isfinite(distances).all() for _, distances in answers):
        raise ValueError("some distances are not numbers (NaN or infinite)")
    nearest_negative = block[:, 0].copy() if block.shape[1] else np.full(len(query), np.inf, block.dtype)
    found = [
        (kept, distances, np.searchsorted(wrong, distances, side="right"))
        for (kept, distances), wrong in zip(answers, block, strict=True)
    ]
    return found, nearest_negative


def _checked(block: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    if block.shape != shape:
        raise ValueError(f"distances of shape {block.shape} for {shape[0]} queries × {shape[1]} gallery")
    return block
