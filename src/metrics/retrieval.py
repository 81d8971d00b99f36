"""How well a gallery is ranked: cumulative matching (CMC) and mean average precision, the Market-1501 way."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RetrievalScores:
    """Figures of one evaluation, each a share in 0..1, means over the queries that count (NaN where none does).

    Attributes:
        rank1: share of the queries whose nearest gallery picture is the right person.
        rank5: share with the right person among the five nearest.
        rank10: share with the right person among the ten nearest.
        map: mean average precision.
        queries: how many queries count.
        queries_skipped: how many had nobody to find in the gallery and were left out.
    """

    rank1: float
    rank5: float
    rank10: float
    map: float
    queries: int
    queries_skipped: int


def average_precision(hits: np.ndarray) -> float:
    """Mean of the precisions at the ranks where a right answer stands; 0 where there is none.

    Args:
        hits: (m,) bool, nearest first.

    >>> average_precision(np.array([True, False, True]))  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    places = np.flatnonzero(hits)  # counted from 0
    if not len(places):
        return 0.0
    return float(np.mean(np.arange(1, len(places) + 1) / (places + 1)))


def retrieval_scores(
    distances: np.ndarray,
    query_ids: np.ndarray,
    gallery_ids: np.ndarray,
    query_cameras: np.ndarray,
    gallery_cameras: np.ndarray,
) -> RetrievalScores:
    """Rank the gallery for each query and count, as Market-1501 does (Zheng et al., ICCV 2015, section 5).

    Gallery pictures of the query's own person *from the query's own camera* are taken out first: finding
    the very next picture of one walk is no re-identification. Queries with nobody left to find are left out and
    counted. Equal distances keep the order of the gallery.

    Args:
        distances: (q, g), smaller = more alike.
        query_ids: (q,) person of each query.
        gallery_ids: (g,) person of each gallery picture.
        query_cameras: (q,) camera of each query.
        gallery_cameras: (g,) camera of each gallery picture.

    Raises:
        ValueError: shapes that do not fit together, distances that are not numbers.

    >>> retrieval_scores(np.array([[0.1, 0.2, 0.3]]), [7], [7, 8, 7], [1], [1, 2, 2]).map  # the first is same-camera
    0.5
    """
    distances = np.asarray(distances)
    query_ids, query_cameras = np.asarray(query_ids), np.asarray(query_cameras)
    gallery_ids, gallery_cameras = np.asarray(gallery_ids), np.asarray(gallery_cameras)
    if distances.shape != (len(query_ids), len(gallery_ids)):
        wanted = f"{len(query_ids)} queries × {len(gallery_ids)} gallery"
        raise ValueError(f"distances of shape {distances.shape} for {wanted}")
    if len(query_cameras) != len(query_ids) or len(gallery_cameras) != len(gallery_ids):
        raise ValueError("every picture needs a person and a camera")
    if np.isnan(distances).any():
        raise ValueError("some distances are not numbers (NaN)")

    first_hits, precisions = [], []
    for row, person, camera in zip(distances, query_ids, query_cameras, strict=True):
        order = np.argsort(row, kind="stable")  # (g,) nearest first
        same_walk = (gallery_ids[order] == person) & (gallery_cameras[order] == camera)
        hits = gallery_ids[order][~same_walk] == person
        if hits.any():
            first_hits.append(int(np.argmax(hits)))
            precisions.append(average_precision(hits))
    first = np.array(first_hits)

    def share_within(k: int) -> float:
        return float(np.mean(first < k)) if len(first) else math.nan

    mean_ap = float(np.mean(precisions)) if precisions else math.nan
    return RetrievalScores(
        rank1=share_within(1),
        rank5=share_within(5),
        rank10=share_within(10),
        map=mean_ap,
        queries=len(first),
        queries_skipped=len(query_ids) - len(first),
    )
