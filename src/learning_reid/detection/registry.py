"""Detectors by name."""

from collections.abc import Callable

from learning_reid.detection.detections import Detector
from learning_reid.registry import Registry

DETECTORS: Registry[Callable[..., Detector]] = Registry("detector", "learning_reid.detection", "register_detector")
register_detector = DETECTORS.register


def create_detector(
    name: str,
    weights: str = "embedded",
    min_score: float | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> Detector:
    """Create the detector called `name`.

    Args:
        name: One of `DETECTORS.names()`.
        weights: `embedded`, `coco`, or a file; the file of each detector says which it takes.
        min_score: Boxes below this confidence score are dropped; None = the score that the weights ship with.
        device: "cpu", "cuda", "cuda:1", or "auto" (a GPU if there is one). CPU-only detectors ignore it.
        threads: CPU threads; None = the library's own choice.

    Raises:
        UserError: The name is unknown, a package is missing, or the weights are missing, damaged or of another model.
    """
    return DETECTORS.load(name)(weights=weights, min_score=min_score, device=device, threads=threads)
