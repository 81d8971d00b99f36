from .bnneck import BNNeck as BNNeck
from .complexity import Complexity as Complexity
from .complexity import complexity_of as complexity_of
from .osnet import VARIANTS as VARIANTS
from .osnet import OSNet as OSNet
from .osnet import Variant as Variant
from .osnet import build_osnet as build_osnet
from .osnet_blocks import Gate as Gate
from .osnet_blocks import LiteConv3x3 as LiteConv3x3
from .osnet_blocks import OmniScaleBlock as OmniScaleBlock
from .osnet_blocks import stream as stream
from .part_pooling import PartPooledOSNet as PartPooledOSNet
from .part_pooling import PartPooling as PartPooling
from .registry import create_model as create_model
from .registry import input_size as input_size
from .registry import list_models as list_models
from .registry import register_model as register_model
from .state_dict import LoadReport as LoadReport
from .state_dict import load_weights as load_weights
from .torchreid_models import quiet as quiet
from .torchreid_models import without_tensorflow as without_tensorflow
from .weights_file import resolve_weights as resolve_weights

__all__ = [
    "VARIANTS",
    "BNNeck",
    "Complexity",
    "Gate",
    "LiteConv3x3",
    "LoadReport",
    "OSNet",
    "OmniScaleBlock",
    "PartPooledOSNet",
    "PartPooling",
    "Variant",
    "build_osnet",
    "complexity_of",
    "create_model",
    "input_size",
    "list_models",
    "load_weights",
    "quiet",
    "register_model",
    "resolve_weights",
    "stream",
    "without_tensorflow",
]
