"""A query/gallery split with the embeddings of its images."""

from dataclasses import dataclass, replace

import numpy as np

from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.errors import UserError
from learning_reid.metrics.labels import DISTRACTOR
from learning_reid.metrics.verification import PairDistances, collect_pairs
from learning_reid.retrieval.distances import DistanceRows, distance_rows


@dataclass(frozen=True, eq=False)
class RetrievalTask:
    """Everything that a retrieval metric needs."""

    split: QueryGallerySplit  #: Queries, gallery and their labels
    query_features: np.ndarray  #: (q, d) float32
    gallery_features: np.ndarray  #: (g, d) float32
    metric: str  #: `euclidean` or `cosine`

    @property
    def all_features(self) -> np.ndarray:
        """Embeddings of `split.samples`, (q + g, d)."""
        return np.concatenate([self.query_features, self.gallery_features])

    def distance_rows(self) -> DistanceRows:
        """Return a function that computes the distances of some queries to the whole gallery."""
        return distance_rows(self.query_features, self.gallery_features, self.metric)

    def select_persons(self, persons: np.ndarray) -> "RetrievalTask":
        """Return the task restricted to the identities with these labels; distractors stay in the gallery."""
        split = self.split
        query = np.flatnonzero(np.isin(split.query_labels.person, persons))
        gallery = np.flatnonzero(np.isin(split.gallery_labels.person, [*persons, DISTRACTOR]))
        part = replace(
            split,
            query=[split.query[int(row)] for row in query],
            gallery=[split.gallery[int(row)] for row in gallery],
            query_labels=split.query_labels.take(query),
            gallery_labels=split.gallery_labels.take(gallery),
        )
        return RetrievalTask(part, self.query_features[query], self.gallery_features[gallery], self.metric)

    def pairs(self, same_camera: bool = False) -> PairDistances:
        """Collect genuine and impostor pairs of identities that are not in the training split.

        Raises:
            UserError: There are no genuine or no impostor pairs across cameras (or, with `same_camera`, within one).
        """
        tested = np.setdiff1d(np.arange(len(self.split.persons)), self.split.training_persons())
        task = self if len(tested) == len(self.split.persons) else self.select_persons(tested)
        labels = task.split.query_labels, task.split.gallery_labels
        try:
            return collect_pairs(task.distance_rows(), *labels, same_camera=same_camera)
        except ValueError as error:
            where = "within one camera" if same_camera else "across cameras"
            raise UserError(
                f"{self.split.dataset.root}: {error} {where}; add images of at least two identities, each seen twice"
            ) from None


def create_retrieval_task(
    split: QueryGallerySplit, embeddings: np.ndarray, metric: str, raw: bool = False
) -> RetrievalTask:
    """Combine a split with the (q + g, d) embeddings of `split.samples`; `raw` skips L2 normalization."""
    embeddings = embeddings if raw else l2_normalize(embeddings, np.float32)
    count = len(split.query)
    return RetrievalTask(split, embeddings[:count], embeddings[count:], metric)
