"""How good ReID weights are: on generated people nobody trained on, and on real crops where a reader has some."""

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

UNSEEN = CropRecipe(
    people=150, crops=9, cameras=3, cameras_each=3, seed=900
)  # a world of other people and other cameras


def figures_on_generated(embedder: Embedder, cache: Path, recipe: CropRecipe = UNSEEN) -> RetrievalMetrics:
    """Market-1501 protocol on people and cameras of an unseen seed: one crop of each camera asks, the others answer."""
    crops = load_crops(recipe, cache)
    people, numbers = np.divmod(np.arange(recipe.people * recipe.crops), recipe.crops)
    features = embedder(list(crops.pictures(people, numbers)))
    labels = Labels.of(people, crops.cameras[people, numbers])
    asks, answers = np.flatnonzero(numbers < recipe.cameras_each), np.flatnonzero(numbers >= recipe.cameras_each)
    return _score(features[asks], features[answers], labels.take(asks), labels.take(answers))


def figures_on_crops(embedder: Embedder, folder: Path, query_camera: str = "1") -> RetrievalMetrics:
    """One camera asks, all others answer, on a folder of crops named as Market-1501 names them."""
    contest = split_query_gallery(open_dataset("folder", folder), [query_camera])
    return score_contest(embed_samples(contest.samples, embedder), contest)


def score_contest(features: np.ndarray, contest: QueryGallerySplit) -> RetrievalMetrics:
    """Market-1501 protocol by cosine on the features (q + g, d) of `contest.samples`."""
    asking = len(contest.query)
    return _score(features[:asking], features[asking:], contest.query_labels, contest.gallery_labels)


def in_percent(scores: RetrievalMetrics) -> dict[str, float]:
    """Rank-1 and mAP in percent with one decimal, as tables show them."""
    figures = scores.means
    return {
        "rank1": round(100 * figures["rank1"], 1),
        "map": round(100 * figures["map"], 1),
        "queries": scores.queries,
    }


def _score(query: np.ndarray, gallery: np.ndarray, query_labels: Labels, gallery_labels: Labels) -> RetrievalMetrics:
    protocol = PROTOCOLS["market1501"]
    matches = find_matches(distance_rows(query, gallery, "cosine"), query_labels, gallery_labels, protocol)
    return retrieval_metrics(matches, query_labels, gallery_labels, protocol)
