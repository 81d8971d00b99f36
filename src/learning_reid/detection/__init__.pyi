from .crops import crop_detections as crop_detections
from .crops import crop_image as crop_image
from .detections import Detector as Detector
from .detections import to_detections as to_detections
from .registry import create_detector as create_detector
from .registry import list_detectors as list_detectors
from .registry import register_detector as register_detector

__all__ = [
    "Detector",
    "create_detector",
    "crop_detections",
    "crop_image",
    "list_detectors",
    "register_detector",
    "to_detections",
]
