"""All models of torchreid that this project does not implement itself.

The Python index has torchreid 0.2.5, a fork of the original 1.4: it is imported as `torchreid.reid`.
"""

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType

from torch import Tensor, nn

from learning_reid.models.registry import register_model


# fmt: off
@register_model(
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnet50_fc512", "resnet50mid",
    "resnet50_ibn_a", "resnet50_ibn_b",
    "resnext50_32x4d", "resnext101_32x8d", "se_resnext50_32x4d", "se_resnext101_32x4d",
    "se_resnet50", "se_resnet50_fc512", "se_resnet101", "inceptionresnetv2", "inceptionv4", "xception",
    "densenet121", "densenet169", "densenet201", "densenet161", "densenet121_fc512",
    "mobilenetv2_x1_0", "mobilenetv2_x1_4", "nasnsetmobile", "squeezenet1_0", "squeezenet1_0_fc512", "squeezenet1_1",
    "shufflenet", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0",
    "mlfn", "mudeep", "pcb_p4", "pcb_p6",
    about="torchreid's implementation.",
)
def create_torchreid_model(name: str) -> nn.Module:
    """Create a model of torchreid with random weights: (n, 3, h, w) -> (n, d) in eval mode."""
    with quiet(), without_tensorflow():
        from torchreid.reid import models

        # pretrained=True would download ImageNet weights
        model: nn.Module = models.build_model(name, num_classes=1, pretrained=False)
    return model
# fmt: on


@register_model("hacnn", about="torchreid's implementation.")
def create_hacnn(name: str) -> nn.Module:
    """Create torchreid's HACNN, without its warnings and able to run on any device."""
    with quiet(), without_tensorflow():
        from torchreid.reid.models.hacnn import HACNN

    class PortableHACNN(HACNN):
        def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
            with quiet():  # it calls functions that torch has deprecated, for every batch
                return super().forward(x)

        def transform_theta(self, theta_i: Tensor, region_idx: int) -> Tensor:
            return super().transform_theta(theta_i, region_idx).to(theta_i.device)

    return PortableHACNN(num_classes=1, use_gpu=False)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress warnings and printed lines inside the block."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def without_tensorflow() -> Iterator[None]:
    """Keep TensorBoard from importing TensorFlow inside the block, which torchreid would wait for several seconds.

    `tensorboard.compat.notf` is the module by which TensorBoard itself recognizes builds without TensorFlow.
    """
    marker = "tensorboard.compat.notf"
    sys.modules[marker] = ModuleType(marker)
    try:
        yield
    finally:
        del sys.modules[marker]
