"""Rank of every true match: the computation behind CMC, mAP, mINP and the open-set metrics.

No ranking of the gallery is needed: the rank of a true match follows from the number of negatives that are nearer. For
each query the negatives' distances are sorted, and one binary search per true match counts. Queries are processed in
blocks, so the full distance matrix is never in memory.

Among equal distances the negatives count as nearer. So the order of the gallery changes no metric, and a network that
gives all images the same distance scores nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.protocol import Protocol, QueryGroup
from learning_reid.retrieval.distances import DistanceRows, row_blocks


@dataclass(frozen=True, eq=False)
class Matches:
    """Every true match with its rank.

    A trial is one query ranked against one gallery; only protocols with repeated draws have several per query.
    """

    query: np.ndarray  #: (t,) int64, query of each trial
    nearest_negative: np.ndarray  #: (t,) float, distance of the nearest negative; infinite if there is none
    trial: np.ndarray  #: (m,) int64, ascending, trial of each true match
    gallery: np.ndarray  #: (m,) int64, gallery row of each true match; nearest first within a trial
    distance: np.ndarray  #: (m,) float, in the precision of the given distances
    num_negatives_before: np.ndarray  #: (m,) int64, number of negatives as near or nearer

    @property
    def match_index(self) -> np.ndarray:
        """(m,) int64, 0 for the nearest true match of a trial, 1 for the next, …"""
        return np.arange(len(self.trial)) - np.searchsorted(self.trial, self.trial)

    @property
    def rank(self) -> np.ndarray:
        """(m,) int64, rank of each true match among all competing images, 1 = nearest."""
        return self.num_negatives_before + self.match_index + 1


def find_matches(
    distance_rows: DistanceRows,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    groups: Sequence[QueryGroup] | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Matches:
    """Compute the rank of every true match of every query.

    Args:
        distance_rows: Maps query rows to their distances to the whole gallery. For a (q, g) matrix:
            `lambda rows: matrix[rows]`. Its results are only read.
        query: Labels of the q queries.
        gallery: Labels of the g gallery images.
        protocol: Which images compete and which are true matches.
        groups: Other query groups than the protocol's, such as one pair of cameras.
        progress: Called with the number of queries finished since the last call.

    Raises:
        ValueError: The distances have another shape, some are NaN, or a true match is infinitely far away.
    """
    queries: list[np.ndarray] = [np.empty(0, np.int64)]
    nearest: list[np.ndarray] = [np.empty(0, np.float32)]
    trials: list[_Trial] = []
    for members, draws in protocol.query_groups(query, gallery) if groups is None else groups:
        for rows in row_blocks(members, len(gallery)):
            block = _checked(distance_rows(rows), (len(rows), len(gallery)))
            for drawn in draws:
                part = block if drawn is None else block[:, drawn]
                found, negatives = _rank_block(
                    part, query.take(rows), gallery if drawn is None else gallery.take(drawn), protocol
                )
                trials += (
                    found if drawn is None else [(drawn[own], distances, counts) for own, distances, counts in found]
                )
                queries.append(rows)
                nearest.append(negatives)
            progress(len(rows))
    gallery_rows, match_distances, negatives_before = zip(*trials, strict=True) if trials else ((), (), ())
    return Matches(
        query=np.concatenate(queries),
        nearest_negative=np.concatenate(nearest),
        trial=np.repeat(np.arange(len(trials)), [len(rows) for rows in gallery_rows]),
        gallery=np.concatenate([np.empty(0, np.int64), *gallery_rows]),
        distance=np.concatenate([np.empty(0, np.float32), *match_distances]),
        num_negatives_before=np.concatenate([np.empty(0, np.int64), *negatives_before]),
    )


def has_true_match(query: Labels, gallery: Labels, protocol: Protocol) -> np.ndarray:
    """Return which queries have a true match under the protocol, (q,) bool; this needs no distances."""
    result = np.zeros(len(query), bool)
    for members, draws in protocol.query_groups(query, gallery):
        competing = gallery if draws[0] is None else gallery.take(draws[0])
        labels = query.take(members)
        for row, own in enumerate(_own_images(labels, competing)):
            result[members[row]] = protocol.keeps(labels, row, competing, own).any()
    return result


def _own_images(query: Labels, gallery: Labels) -> list[np.ndarray]:
    """Return the gallery rows of each query's person; none for a distractor."""
    by_person = np.argsort(gallery.person, kind="stable")
    persons = gallery.person[by_person]
    starts, ends = (np.searchsorted(persons, query.person, side) for side in ("left", "right"))
    ends = np.where(query.person < 0, starts, ends)
    return [by_person[start:end] for start, end in zip(starts, ends, strict=True)]


_Trial = tuple[np.ndarray, np.ndarray, np.ndarray]  # of its true matches: gallery rows, distances, negatives before


def _rank_block(
    block: np.ndarray, query: Labels, gallery: Labels, protocol: Protocol
) -> tuple[list[_Trial], np.ndarray]:
    """Rank the true matches of some queries, and find the (k,) distance of each nearest negative.

    The block is only read, since it may be a view of the caller's matrix; one row at a time is copied to be sorted.
    """
    trials = []
    dtype = np.result_type(block, np.float32)
    nearest_negative = np.full(len(query), np.inf, dtype)
    negatives = np.empty(block.shape[1], dtype)
    for row, own in enumerate(_own_images(query, gallery)):
        kept = own[protocol.keeps(query, row, gallery, own)]
        kept = kept[np.argsort(block[row, kept], kind="stable")]  # nearest first
        distances = block[row, kept]
        negatives[:] = block[row]
        negatives[own] = np.inf
        negatives.sort()  # NaN comes last
        if np.isnan(negatives[-1:]).any() or not np.isfinite(distances).all():
            raise ValueError("some distances are not numbers (NaN or infinite)")
        nearest_negative[row] = negatives[0] if len(negatives) else np.inf
        trials.append((kept, distances, np.searchsorted(negatives, distances, side="right")))
    return trials, nearest_negative


def _checked(block: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    if block.shape != shape:
        raise ValueError(f"distances of shape {block.shape} for {shape[0]} queries × {shape[1]} gallery images")
    return block
