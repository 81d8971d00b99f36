"""Who of a gallery is it, if anybody? The nearest pictures of each query, and the answer "not in the gallery"."""

from dataclasses import dataclass

import numpy as np

from learning_reid.retrieval.nearest import nearest


@dataclass(frozen=True, eq=False)
class Answers:
    """What a search found.

    Attributes:
        rows: (q, k) int64, the nearest gallery pictures of each query, nearest first.
        distances: (q, k) float32.
        reject_above: the threshold; None = always answer.
    """

    rows: np.ndarray
    distances: np.ndarray
    reject_above: float | None

    @property
    def accepted(self) -> np.ndarray:
        """(q, k) bool, near enough to be called a match."""
        return self.distances <= (np.inf if self.reject_above is None else self.reject_above)

    @property
    def best(self) -> np.ndarray:
        """(q,) int64, the gallery row that answers each query; -1 = not in the gallery."""
        if not self.rows.shape[1]:
            return np.full(len(self.rows), -1)
        return np.where(self.accepted[:, 0], self.rows[:, 0], -1)


def search(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int = 10,
    metric: str = "euclidean",
    reject_above: float | None = None,
) -> Answers:
    """Search a gallery for each query.

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        k: how many neighbours to give.
        metric: `euclidean` or `cosine`.
        reject_above: a calibrated threshold on the same metric: what is farther away is no answer.

    >>> found = search(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.9, 0.1]]), reject_above=0.3)
    >>> found.best.tolist()
    [0, -1]
    """
    rows, distances = nearest(queries, gallery, k, metric)
    return Answers(rows, distances, reject_above)
