from .exporter import ExportConfig as ExportConfig
from .exporter import ExportReport as ExportReport
from .exporter import export_model as export_model
from .verify import FLOAT_TOLERANCE as FLOAT_TOLERANCE
from .verify import GATES as GATES
from .verify import AccuracyChange as AccuracyChange
from .verify import Parity as Parity
from .verify import check_accuracy as check_accuracy
from .verify import compare_features as compare_features
from .verify import open_exported as open_exported
from .verify import random_images as random_images

__all__ = [
    "FLOAT_TOLERANCE",
    "GATES",
    "AccuracyChange",
    "ExportConfig",
    "ExportReport",
    "Parity",
    "check_accuracy",
    "compare_features",
    "export_model",
    "open_exported",
    "random_images",
]
