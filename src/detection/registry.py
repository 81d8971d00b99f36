"""The detectors by name."""

from src.detection.detections import Detector
from src.settings.registry import Registry

DETECTORS: Registry[Detector] = Registry(
    "detector",
    {
        "torchvision_frcnn": "src.detection.torchvision_frcnn:create",
        "tensorflow_frcnn": "src.detection.tensorflow_frcnn:create",
        "yolox_onnx": "src.detection.yolox_onnx:create",
        "mot_file": "src.detection.mot_file:create",
    },
    extras={"tensorflow_frcnn": ("tensorflow", "tensorflow"), "yolox_onnx": ("onnxruntime", "fast")},
)


def create_detector(
    name: str,
    weights: str = "embedded",
    min_score: float | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> Detector:
    """Make the detector called `name`.

    Args:
        name: One of `DETECTORS.names()`.
        weights: What the detector reads: `embedded`, `coco`, or a file; each detector's own file says which.
        min_score: Boxes below this score are left out; None = the score that the weights ship with.
        device: "cpu", "cuda", "cuda:1", or "auto" (a GPU where there is one). The detectors that know no GPU ignore it.
        threads: CPU threads; None = as many as the library thinks right.

    Raises:
        UserError: unknown name, missing package, or weights that are missing, damaged, or of something else.
    """
    return DETECTORS.load(name)(weights=weights, min_score=min_score, device=device, threads=threads)
