from .backend_torch import TorchEmbedder as TorchEmbedder
from .benchmark import Speed as Speed
from .benchmark import benchmark_backend as benchmark_backend
from .embedder import Embedder as Embedder
from .embedder import EmbedderOptions as EmbedderOptions
from .model_choice import NamedModel as NamedModel
from .model_choice import parse_models as parse_models
from .normalization import l2_normalize as l2_normalize
from .onnx_file import find_graph as find_graph
from .operating_point import CalibratedThreshold as CalibratedThreshold
from .operating_point import OperatingPoint as OperatingPoint
from .operating_point import find_threshold as find_threshold
from .operating_point import load_operating_point as load_operating_point
from .preprocessing import IMAGENET_MEAN as IMAGENET_MEAN
from .preprocessing import IMAGENET_STD as IMAGENET_STD
from .preprocessing import Preprocessing as Preprocessing
from .registry import create_embedder as create_embedder
from .registry import register_backend as register_backend

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "CalibratedThreshold",
    "Embedder",
    "EmbedderOptions",
    "NamedModel",
    "OperatingPoint",
    "Preprocessing",
    "Speed",
    "TorchEmbedder",
    "benchmark_backend",
    "create_embedder",
    "find_graph",
    "find_threshold",
    "l2_normalize",
    "load_operating_point",
    "parse_models",
    "register_backend",
]
