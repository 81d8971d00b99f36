"""Evaluate ReID weights on unseen generated people, and on real crops if they are available."""

from pathlib import Path

import numpy as np

from learning_reid.datasets.embeddings import embed_samples
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.embedding.embedder import Embedder
from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import RetrievalMetrics, retrieval_metrics
from learning_reid.retrieval.distances import distance_rows
from tools.weights.reid_crops import CropRecipe, load_crops

UNSEEN = CropRecipe(people=150, crops=9, cameras=3, cameras_each=3, seed=900)  # other people and other cameras


def evaluate_on_generated(embedder: Embedder, cache: Path, recipe: CropRecipe = UNSEEN) -> RetrievalMetrics:
    """Evaluate on generated people of an unseen seed: one crop per camera is a query, the others are the gallery."""
    crops = load_crops(recipe, cache)
    people, numbers = np.divmod(np.arange(recipe.people * recipe.crops), recipe.crops)
    features = embedder(list(crops.images(people, numbers)))
    labels = Labels.of(people, crops.cameras[people, numbers])
    query, gallery = np.flatnonzero(numbers < recipe.cameras_each), np.flatnonzero(numbers >= recipe.cameras_each)
    return _evaluate(features[query], features[gallery], labels.take(query), labels.take(gallery))


def evaluate_on_crops(embedder: Embedder, folder: Path, query_camera: str = "1") -> RetrievalMetrics:
    """Evaluate on a folder of Market-named crops, with the queries of one camera and the gallery of the others."""
    split = split_query_gallery(open_dataset("folder", folder), [query_camera])
    return market1501_metrics(embed_samples(split.samples, embedder), split)


def market1501_metrics(features: np.ndarray, split: QueryGallerySplit) -> RetrievalMetrics:
    """Evaluate the features (q + g, d) of `split.samples` by cosine distance under the Market-1501 protocol."""
    queries = len(split.query)
    return _evaluate(features[:queries], features[queries:], split.query_labels, split.gallery_labels)


def in_percent(scores: RetrievalMetrics) -> dict[str, float]:
    """Return rank-1 and mAP in percent with one decimal."""
    means = scores.means
    return {
        "rank1": round(100 * means["rank1"], 1),
        "map": round(100 * means["map"], 1),
        "queries": scores.queries,
    }


def _evaluate(query: np.ndarray, gallery: np.ndarray, query_labels: Labels, gallery_labels: Labels) -> RetrievalMetrics:
    protocol = PROTOCOLS["market1501"]
    matches = find_matches(distance_rows(query, gallery, "cosine"), query_labels, gallery_labels, protocol)
    return retrieval_metrics(matches, query_labels, gallery_labels, protocol)
