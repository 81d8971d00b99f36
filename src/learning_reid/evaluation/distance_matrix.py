"""Evaluate a plain distance matrix."""

import numpy as np
from numpy.typing import ArrayLike

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import Protocol, get_protocol
from learning_reid.metrics.retrieval import AveragePrecision, RetrievalMetrics, retrieval_metrics


def evaluate_retrieval(
    distances: ArrayLike,
    query_ids: ArrayLike,
    gallery_ids: ArrayLike,
    query_cameras: ArrayLike,
    gallery_cameras: ArrayLike,
    protocol: str | Protocol = "market1501",
    *,
    query_images: ArrayLike | None = None,
    gallery_images: ArrayLike | None = None,
    ap: AveragePrecision = "precisions",
) -> RetrievalMetrics:
    """Compute retrieval metrics of a distance matrix under a protocol.

    Args:
        distances: (q, g) distances, smaller = more similar.
        query_ids: (q,) person of each query, integers or strings; a negative integer is a distractor.
        gallery_ids: (g,) person of each gallery image.
        query_cameras: (q,) camera of each query, integers or strings.
        gallery_cameras: (g,) camera of each gallery image.
        protocol: Name of a protocol (`learning_reid.metrics.PROTOCOLS`), or a protocol.
        query_images, gallery_images: (q,) and (g,) image names or numbers. Protocols that remove the query image
            itself (self-only, single-camera) need them if queries are also in the gallery.
        ap: "precisions" as in torchreid, or "interpolated" as in Market-1501's original code.

    Returns:
        Metrics with `rank1`, `rank5`, `rank10`, `map`, `minp`, the `cmc` curve and the values `per_query`.

    Raises:
        ValueError: The shapes do not fit, or a distance is NaN.
        UserError: There is no such protocol.

    >>> distances = [[0.2, 0.1, 0.9], [0.8, 0.3, 0.4]]
    >>> metrics = evaluate_retrieval(distances, [7, 8], [7, 9, 8], [1, 1], [2, 2, 2])
    >>> metrics.rank1, metrics.rank5, metrics.map
    (0.0, 1.0, 0.5)
    """
    matrix = np.asarray(distances)
    persons, cameras = _number(query_ids, gallery_ids), _number(query_cameras, gallery_cameras)
    images: tuple[np.ndarray | None, np.ndarray | None] = (None, None)
    if query_images is not None and gallery_images is not None:
        images = _number(query_images, gallery_images)
    query, gallery = (Labels.of(*labels) for labels in zip(persons, cameras, images, strict=True))
    if matrix.shape != (len(query), len(gallery)):
        raise ValueError(f"distances of shape {matrix.shape} for {len(query)} queries × {len(gallery)} gallery images")
    rules = get_protocol(protocol) if isinstance(protocol, str) else protocol
    matches = find_matches(lambda rows: matrix[rows], query, gallery, rules)
    return retrieval_metrics(matches, query, gallery, rules, ap)


def _number(query: ArrayLike, gallery: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Leave integers as they are, and number names so that equal names have equal numbers."""
    query, gallery = np.asarray(query), np.asarray(gallery)
    if query.dtype.kind not in "US" and gallery.dtype.kind not in "US":
        return query, gallery
    _, numbers = np.unique(np.concatenate([query, gallery]), return_inverse=True)
    return numbers[: len(query)], numbers[len(query) :]
