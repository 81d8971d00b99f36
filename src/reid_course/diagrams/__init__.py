"""Diagrams of the lessons, drawn with matplotlib: `show_diagram("pipeline")`."""

from collections.abc import Callable

from matplotlib.figure import Figure

from reid_course.diagrams import data, evaluation, network, training
from reid_course.figures import show

DIAGRAMS: dict[str, tuple[Callable[[], Figure], str]] = {
    "pipeline": (
        data.draw_pipeline,
        "From a frame to a ranked list: a detector finds people, each crop becomes an embedding, and the distance to "
        "the query's embedding gives the order.",
    ),
    "query_gallery": (
        data.draw_query_gallery,
        "Which gallery crops count for one query: matches (green), other people (orange), and crops that are ignored "
        "(gray): the same person seen by the query's own camera, and junk.",
    ),
    "identity_split": (
        data.draw_identity_split,
        "People are divided, not images: training, validation and test identities have nobody in common.",
    ),
    "pk_batch": (
        data.draw_pk_batch,
        "A batch of P = 4 people with K = 4 crops each, and its pairs: 24 positive and 96 negative ones.",
    ),
    "ranked_list": (
        evaluation.draw_ranked_list,
        "One ranked list with matches at ranks 2, 3 and 6 (green), its CMC curve, and its average precision: the mean "
        "of the precisions at the matches.",
    ),
    "open_set": (
        evaluation.draw_open_set,
        "Distances of known (blue) and unknown people (orange) to their nearest gallery crop. A threshold always "
        "accepts some unknown people or rejects some known ones.",
    ),
    "k_reciprocal": (
        evaluation.draw_k_reciprocal,
        "Query q and its four nearest neighbors: a, b and c also have q among their four nearest (green), x does not "
        "(orange).",
    ),
    "triplet": (
        training.draw_triplet,
        "A triplet before and after training: the positive moves towards the anchor, the negative away from it, until "
        "it is farther than the positive by the margin.",
    ),
    "bn_neck": (
        training.draw_bn_neck,
        "The BN neck: the metric loss sees the features before the batch normalization, the classifier those after "
        "it; the latter become the embedding.",
    ),
    "domain_shift": (
        training.draw_domain_shift,
        "Three people seen by two cameras. The cameras shift the embeddings; after subtracting each camera's mean, a "
        "person's embeddings lie together.",
    ),
    "osnet_block": (
        network.draw_osnet_block,
        "OSNet's block: four streams see 3 × 3 to 9 × 9 pixels of the feature map, one shared gate weights their "
        "channels, and a shortcut adds the input.",
    ),
    "osnet": (
        network.draw_osnet,
        "OSNet ×1.0 from a 256 × 128 image to an embedding of 512 numbers.",
    ),
}


def show_diagram(name: str) -> None:
    """Show a diagram with its caption in a notebook.

    Args:
        name: A key of `DIAGRAMS`.

    Raises:
        KeyError: There is no such diagram.
    """
    draw, caption = DIAGRAMS[name]
    show(draw(), caption)
