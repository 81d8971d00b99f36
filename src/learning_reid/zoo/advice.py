"""What to know before a figure of published weights is believed. Each note says what, why, and what to do instead."""

from collections.abc import Sequence

from learning_reid.zoo.cards import COMBINED, IMAGENET, Card

# Sets that show the same people, or of which one is a part of the other.
_SAME_PEOPLE = {"market1501": "market1501", "mars": "market1501", "dukemtmcvidreid": "dukemtmcreid"}
_WITHDRAWN = {
    "dukemtmcreid": "DukeMTMC-reID was withdrawn by its authors in 2019: its people had not been asked",
}


def notes_on_weights(card: Card, size: tuple[int, int] | None = None) -> list[str]:
    """What is to be said of a set of weights, whatever it is used for.

    Args:
        card: the weights.
        size: height and width of the pictures they will be given; None where that is not known.
    """
    notes = []
    if card.trained_on == IMAGENET:
        notes.append(
            f"{card.key} learned to tell 1,000 kinds of things apart, not people: it is where training begins, and "
            "ranking people with it is close to useless; choose weights that saw people: "
            f"zoo list {card.architecture}"
        )
    notes += [
        f"{card.key} was trained on a withdrawn data set: {_WITHDRAWN[name]}; for new work choose other weights"
        for name in card.datasets
        if name in _WITHDRAWN
    ]
    wanted = card.recipe.input
    if size is not None and wanted is not None and size != wanted:
        notes.append(
            f"{card.key} was trained on pictures of {wanted[0]}×{wanted[1]} and is given {size[0]}×{size[1]}: "
            "its published figures do not hold; use its own size"
        )
    return notes


def notes_on_use(card: Card, target: str, metric: str, unit_length: bool = True) -> list[str]:
    """What is to be said of measuring a set of weights.

    Args:
        card: the weights.
        target: the data set it is measured on, such as `market1501`.
        metric: `euclidean` or `cosine`.
        unit_length: whether features are divided by their length first.
    """
    notes = [*_seen_before(card, target)]
    if target in _WITHDRAWN:
        notes.append(f"{_WITHDRAWN[target]}; do not measure new work on it")
    published = card.recipe.distance
    if published is not None and published != metric:
        same = "features of unit length rank alike by both, but distances and thresholds differ"
        notes.append(
            f"{card.key} was published with the {published} distance and is measured with the {metric} one: "
            + (same if unit_length else f"rankings differ; use --metric {published}")
        )
    return notes


def _seen_before(card: Card, target: str) -> Sequence[str]:
    family = _SAME_PEOPLE.get(target, target)
    if family not in card.datasets:
        return []
    if family + COMBINED in card.trained_on.split("+"):
        return [
            f"{card.key} was trained on all of {family}, its test people too: figures on {target} itself are worth "
            "nothing; measure it on another set"
        ]
    return [
        f"{card.key} was trained on {family}: figures on {target} itself are of cameras it has seen, and tell little "
        "about new places; measure those on another set"
    ]
