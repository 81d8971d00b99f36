"""Which networks there are, and the picture size each takes; no network library is loaded to answer that."""

from learning_reid.errors import UserError, did_you_mean

OSNET_NAMES = (
    "osnet_x1_0",
    "osnet_x0_75",
    "osnet_x0_5",
    "osnet_x0_25",
    "osnet_ibn_x1_0",
    "osnet_ain_x1_0",
    "osnet_ain_x0_75",
    "osnet_ain_x0_5",
    "osnet_ain_x0_25",
)

# All others that torchreid knows, under its spelling of them.
# fmt: off
TORCHREID_NAMES = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnet50_fc512", "resnet50mid",
    "resnet50_ibn_a", "resnet50_ibn_b",
    "resnext50_32x4d", "resnext101_32x8d", "se_resnext50_32x4d", "se_resnext101_32x4d",
    "se_resnet50", "se_resnet50_fc512", "se_resnet101", "inceptionresnetv2", "inceptionv4", "xception",
    "densenet121", "densenet169", "densenet201", "densenet161", "densenet121_fc512",
    "mobilenetv2_x1_0", "mobilenetv2_x1_4", "nasnsetmobile", "squeezenet1_0", "squeezenet1_0_fc512", "squeezenet1_1",
    "shufflenet", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0",
    "hacnn", "mlfn", "mudeep", "pcb_p4", "pcb_p6",
)
# fmt: on

_DEFAULT_SIZE = (256, 128)
_OTHER_SIZES = {"hacnn": (160, 64)}


def input_size(name: str) -> tuple[int, int]:
    """Height and width, in pixels, of the pictures that the network called `name` is trained and tested on.

    >>> input_size("osnet_x0_25"), input_size("hacnn")
    ((256, 128), (160, 64))
    """
    return _OTHER_SIZES.get(name, _DEFAULT_SIZE)


def check_name(name: str) -> None:
    """Refuse a network that does not exist.

    Raises:
        UserError: with the nearest names.
    """
    if name not in OSNET_NAMES and name not in TORCHREID_NAMES:
        raise UserError(f"unknown embedder {name!r}: {did_you_mean(name, OSNET_NAMES + TORCHREID_NAMES)}")
