"""How good ReID weights are: on generated people nobody trained on, and on real crops where a reader has some."""

import re
from pathlib import Path

import numpy as np

from src.embedding.embedder import Embedder
from src.frames.folder import read_picture
from src.metrics.retrieval import RetrievalScores, retrieval_scores
from src.ranking.distances import cosine
from src.training.reid_crops import CropRecipe, load_crops

UNSEEN = CropRecipe(
    people=150, crops=9, cameras=3, cameras_each=3, seed=900
)  # a world of other people and other cameras
_MARKET_NAME = re.compile(r"(-?\d+)_c(\d+)")


def figures_on_generated(embedder: Embedder, cache: Path, recipe: CropRecipe = UNSEEN) -> RetrievalScores:
    """Market-1501 protocol on people and cameras of an unseen seed: one crop of each camera asks, the others answer."""
    crops = load_crops(recipe, cache)
    people, numbers = np.divmod(np.arange(recipe.people * recipe.crops), recipe.crops)
    features = embedder(list(crops.pictures(people, numbers)))
    cameras = crops.cameras[people, numbers]
    asks = numbers < recipe.cameras_each
    distances = cosine(features[asks], features[~asks])
    return retrieval_scores(distances, people[asks], people[~asks], cameras[asks], cameras[~asks])


def figures_on_crops(embedder: Embedder, folder: Path, query_camera: int = 1) -> RetrievalScores:
    """One camera asks, all others answer, on a folder of crops named as Market-1501 names them."""
    paths = sorted(folder.glob("*.jpg"))
    labels = np.array([[int(part) for part in _label(path)] for path in paths])
    features = embedder([read_picture(path) for path in paths])
    people, cameras = labels.T
    asks = cameras == query_camera
    distances = cosine(features[asks], features[~asks])
    return retrieval_scores(distances, people[asks], people[~asks], cameras[asks], cameras[~asks])


def in_percent(scores: RetrievalScores) -> dict[str, float]:
    """Rank-1 and mAP in percent with one decimal, as tables show them."""
    return {"rank1": round(100 * scores.rank1, 1), "map": round(100 * scores.map, 1), "queries": scores.queries}


def _label(path: Path) -> tuple[str, str]:
    found = _MARKET_NAME.match(path.name)
    if not found:
        raise ValueError(f"{path.name} is not named as Market-1501 names crops")
    return found[1], found[2]
