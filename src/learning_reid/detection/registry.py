"""Detectors by name."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from learning_reid.detection.detections import Detector
from learning_reid.errors import UserError, did_you_mean
from learning_reid.registry import Registry
from learning_reid.zoo.detector_cards import published_detectors
from learning_reid.zoo.fetch import fetch_published

DEFAULT_DETECTOR = "torchvision_frcnn"  # of the settings

_SPECIAL_WEIGHTS = ("embedded", "coco")
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


def choose_detector(name: str, weights: str) -> str:
    """Return the detector that runs some weights: for published ones that of their card, otherwise `name`.

    Args:
        name: The detector of the settings, of which the default gives way to the card's.
        weights: The weights of the settings.

    Raises:
        UserError: The detector is unknown, or the published weights belong to another one.

    >>> choose_detector("torchvision_frcnn", "yolox_nano"), choose_detector("mot_file", "det.txt")
    ('yolox_onnx', 'mot_file')
    """
    DETECTORS.check(name)
    if not _is_published(weights):
        return name
    card = published_detectors()[weights]
    if name not in (DEFAULT_DETECTOR, card.detector):
        raise UserError(f"{weights} are weights of {card.detector}, not of {name}; set detector.name={card.detector}")
    return card.detector


def check_detector(name: str, weights: str) -> None:
    """Check the name and the weights without loading them; published weights are downloaded.

    Raises:
        UserError: The name is unknown, or the weights are missing or belong to another detector.
    """
    name, path = choose_detector(name, weights), Path(weights).expanduser()
    if _is_published(weights):
        fetch_published(weights)
    elif path.suffix and not path.is_file():
        raise UserError(f"detector {name}: no weights file {path}; correct the path")
    elif weights not in _SPECIAL_WEIGHTS and not path.is_file():
        known = [*_SPECIAL_WEIGHTS, *published_detectors()]
        raise UserError(f"detector {name}: no weights {weights!r}; {did_you_mean(weights, known)}")


def _is_published(weights: str) -> bool:
    return weights in published_detectors() and not Path(weights).is_file()


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
        weights: `embedded`, `coco`, published weights (`yolox_nano`; `zoo list --detectors`), which are downloaded
            once, or a file; see the module of each detector for what it accepts.
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
    name = choose_detector(name, weights)
    weights = str(fetch_published(weights)) if _is_published(weights) else weights
    return DETECTORS.load(name)(weights=weights, min_score=min_score, device=device, threads=threads)
