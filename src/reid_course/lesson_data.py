"""Query/gallery split, embedder and evaluation of a lesson, for synthetic and for real people."""

import numpy as np

from learning_reid.datasets.identity_split import select_identities
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.registry import create_embedder
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import RetrievalMetrics, retrieval_metrics
from learning_reid.retrieval.distances import distance_rows
from reid_course.lesson_people import LESSON_PLAN, open_people
from reid_synth.datasets.market import MarketPlan

LESSON_MODELS = {  # data: (architecture, weights); the published weights were not trained on Market-1501
    "embedded": ("osnet_x0_25", "embedded"),
    "market1501": ("osnet_ain_x1_0", "msmt17+dukemtmcreid+cuhk03"),
}


def lesson_split(
    data: str, seed: int, max_persons: int | None = None, plan: MarketPlan = LESSON_PLAN
) -> QueryGallerySplit:
    """Return the queries and the gallery of a lesson.

    Args:
        data: "embedded" or "market1501", see `open_people`.
        seed: Seed of the synthetic people, or of the choice of real ones.
        max_persons: Number of test persons to choose from Market-1501; distractors stay in the gallery. None = all.
        plan: Numbers of people, cameras and crops, for "embedded".
    """
    crops = open_people(data, plan, seed)
    persons = sorted({sample.person_id for sample in crops.subset("query") if sample.person_id is not None})
    if data != "embedded" and max_persons is not None and max_persons < len(persons):
        chosen = np.random.default_rng(seed).permutation(persons)[:max_persons]
        crops = select_identities(crops, frozenset(chosen.tolist()))
    return split_query_gallery(crops)


def lesson_embedder(data: str) -> Embedder:
    """Return the embedded model for synthetic people, or a published one (downloaded on first use) for real people.

    Raises:
        UserError: The published weights are neither on disk nor available for download.
    """
    return create_embedder(*LESSON_MODELS[data])


def evaluate_features(features: np.ndarray, split: QueryGallerySplit) -> RetrievalMetrics:
    """Evaluate features by cosine distance under the Market-1501 protocol.

    Args:
        features: (q + g, d) embeddings of `split.samples`.
        split: Queries and gallery.
    """
    protocol, queries = PROTOCOLS["market1501"], len(split.query)
    rows = distance_rows(features[:queries], features[queries:], "cosine")
    matches = find_matches(rows, split.query_labels, split.gallery_labels, protocol)
    return retrieval_metrics(matches, split.query_labels, split.gallery_labels, protocol)
