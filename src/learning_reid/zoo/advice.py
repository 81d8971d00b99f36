"""Notes on the limits of published weights: what, why, and what to do instead."""

from collections.abc import Sequence

from learning_reid.zoo.cards import COMBINED, IMAGENET, Card

# Datasets that show the same people, or of which one is a part of the other.
_SAME_PEOPLE = {"market1501": "market1501", "mars": "market1501", "dukemtmcvidreid": "dukemtmcreid"}
_WITHDRAWN = {
    "dukemtmcreid": "DukeMTMC-reID was withdrawn by its authors in 2019: the people in it had not given consent"
}


def notes_on_weights(card: Card, size: tuple[int, int] | None = None) -> list[str]:
    """Return the notes on weights that matter for any use; `size` is the height and width of the crops, if known."""
    notes = []
    if card.trained_on == IMAGENET:
        notes.append(
            f"{card.key} was trained to classify 1,000 kinds of objects, not people: it is a start for training, and "
            "ranking people with it is close to useless; choose weights trained on people: "
            f"zoo list {card.architecture}"
        )
    notes += [
        f"{card.key} was trained on a withdrawn dataset: {_WITHDRAWN[name]}; choose other weights for new work"
        for name in card.datasets
        if name in _WITHDRAWN
    ]
    trained = card.recipe.input
    if size is not None and trained is not None and size != trained:
        notes.append(
            f"{card.key} was trained on crops of {trained[0]}×{trained[1]} and is used with {size[0]}×{size[1]}: "
            "its published results do not apply; use its own size"
        )
    return notes


def notes_on_use(card: Card, target: str, metric: str, unit_length: bool = True) -> list[str]:
    """Return the notes on an evaluation of weights.

    Args:
        card: The weights.
        target: The test dataset, such as "market1501".
        metric: "euclidean" or "cosine".
        unit_length: Whether embeddings are L2-normalized.
    """
    notes = [*_notes_on_training_data(card, target)]
    if target in _WITHDRAWN:
        notes.append(f"{_WITHDRAWN[target]}; do not evaluate new work on it")
    published = card.recipe.distance
    if published is not None and published != metric:
        same = "with unit-length embeddings both give the same ranking, but distances and thresholds differ"
        notes.append(
            f"{card.key} was published with the {published} distance and is evaluated with the {metric} distance: "
            + (same if unit_length else f"rankings differ; use --metric {published}")
        )
    return notes


def _notes_on_training_data(card: Card, target: str) -> Sequence[str]:
    family = _SAME_PEOPLE.get(target, target)
    if family not in card.datasets:
        return []
    if family + COMBINED in card.trained_on.split("+"):
        return [
            f"{card.key} was trained on all of {family}, including its test people: results on {target} itself are "
            "meaningless; evaluate it on another dataset"
        ]
    return [
        f"{card.key} was trained on {family}: results on {target} itself are for cameras it was trained on, and say "
        "little about new ones; evaluate it on another dataset"
    ]
