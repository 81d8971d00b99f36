"""Look up the calibrated threshold of a model."""

from dataclasses import dataclass

from learning_reid.embedding.operating_point import load_operating_point, operating_point_file
from learning_reid.models.weights_file import resolve_weights


@dataclass(frozen=True)
class CalibratedThreshold:
    """A distance up to which two crops are accepted as one person, and its measured error rates.

    Attributes:
        distance: The threshold.
        accepted_correctly: Share of genuine pairs that are accepted (TAR), or of people in the gallery that are found
            (DIR).
        accepted_wrongly: Share of impostor pairs that are accepted, or of absent people that are matched to somebody
            (FAR).
        data: The dataset and the fingerprint of the samples that were used.
        weights_sha256: Checksum of the weights that it belongs to.
    """

    distance: float
    accepted_correctly: float
    accepted_wrongly: float
    data: str
    weights_sha256: str


def find_threshold(
    name: str, weights: str, metric: str, pairs: bool = False, required: bool = False
) -> CalibratedThreshold | None:
    """Look up the threshold that was calibrated for a model.

    Args:
        name: The model.
        weights: See the setting `embedder.weights`.
        metric: "euclidean" or "cosine".
        pairs: Return the threshold for pairs (verification) instead of the one for searches in a gallery.
        required: Raise if nothing was calibrated, instead of returning None.

    Raises:
        UserError: The calibration is damaged or belongs to something else, or it is required and missing.

    >>> find_threshold("osnet_x0_25", "embedded", "euclidean").distance < 2
    True
    """
    if not required and not operating_point_file(resolve_weights(name, weights)).is_file():
        return None
    point = load_operating_point(name, weights, metric)
    if pairs:
        rates = point.pair_threshold, point.pair_tar, point.pair_far
    else:
        rates = point.search_threshold, point.search_dir, point.search_far
    return CalibratedThreshold(*rates, point.data, point.weights_sha256)
