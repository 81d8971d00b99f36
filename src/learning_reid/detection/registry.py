"""Detectors by name."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from learning_reid.detection.detections import Detector
from learning_reid.errors import UserError
from learning_reid.registry import Registry

DETECTORS: Registry[Callable[..., Detector]] = Registry("detector", "learning_reid.detection", "register_detector")
register_detector = DETECTORS.register


def list_detectors(pattern: str = "*") -> list[str]:
    """Return the names that `create_detector` accepts.

    Args:
        pattern: Only names that match it, such as `*frcnn`.

    >>> list_detectors("*frcnn")
    ['tensorflow_frcnn', 'torchvision_frcnn']
    """
    return [name for name in DETECTORS.names() if fnmatchcase(name, pattern)]


def check_detector(name: str, weights: str) -> None:
    """Raise a UserError if the name is unknown, or the weights are a file that is missing; nothing is loaded."""
    DETECTORS.check(name)
    path = Path(weights).expanduser()
    if path.suffix and not path.is_file():
        raise UserError(f"detector {name}: no weights file {path}; correct the path")


def create_detector(
    name: str,
    weights: str = "embedded",
    min_score: float | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> Detector:
    """Create the detector called `name`.

    Args:
        name: One of `list_detectors()`.
        weights: `embedded`, `coco`, or a file; see the module of each detector for what it accepts.
        min_score: Boxes below this confidence score are dropped; None = the default of the weights.
        device: "cpu", "cuda", "cuda:1", or "auto" (a GPU if there is one). CPU-only detectors ignore it.
        threads: CPU threads; None = the library's own choice.

    Raises:
        UserError: The name is unknown, a package is missing, or the weights are missing, damaged or of another model.

    Example:
        ::

            detector = create_detector("torchvision_frcnn", min_score=0.5)
            detections = detector(open_frames("synthetic:7").at(0))
            detections.xyxy, detections.confidence  # (n, 4), (n,)
    """
    return DETECTORS.load(name)(weights=weights, min_score=min_score, device=device, threads=threads)
