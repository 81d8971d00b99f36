"""Who asks and who answers in a lesson, and the network that looks at them, for generated and for real people."""

import numpy as np

from learning_reid.datasets.identity_split import select_identities
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.registry import create_embedder
from reid_course.lesson_people import LESSON, open_people
from reid_synth.datasets.market import MarketPlan

LESSON_MODELS = {
    "embedded": ("osnet_x0_25", "embedded"),
    "market1501": ("osnet_ain_x1_0", "msmt17+dukemtmcreid+cuhk03"),  # trained on other sets than the one asked
}


def lesson_split(data: str, seed: int, most_people: int | None = None, plan: MarketPlan = LESSON) -> QueryGallerySplit:
    """Queries and gallery of a lesson, in Market-1501 with so many of its test people at most.

    Args:
        data: see `open_people`.
        seed: which people.
        most_people: of a real set; strangers stay in the gallery. None: everybody.
        plan: how many people to draw, for "embedded".
    """
    crops = open_people(data, plan, seed)
    asking = sorted({sample.person_id for sample in crops.subset("query") if sample.person_id is not None})
    if data != "embedded" and most_people is not None and most_people < len(asking):
        chosen = np.random.default_rng(seed).permutation(asking)[:most_people]
        crops = select_identities(crops, frozenset(chosen.tolist()))
    return split_query_gallery(crops)


def lesson_embedder(data: str) -> Embedder:
    """The embedded network for people who never existed, published weights for real ones (fetched on first use).

    Raises:
        UserError: the published weights are neither on disk nor to be fetched; what to do is told.
    """
    return create_embedder(*LESSON_MODELS[data])
