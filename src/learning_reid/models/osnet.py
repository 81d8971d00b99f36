"""OSNet: omni-scale features in at most 2.2 million parameters; nine variants of one network.

Papers: OSNet, arXiv 1905.00953 (ICCV 2019), and OSNet-AIN, arXiv 1910.06827 (TPAMI 2021), both by Zhou, Yang, Cavallaro
and Xiang. Telling two people apart takes small details (a logo of a few pixels) and the whole body shape. Each block
therefore has streams of four scales, and a gate that depends on the image weighs them.
"""

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.models.osnet_blocks import ConvNorm, InstanceNorm, OmniScaleBlock, OmniScaleBlockAIN
from learning_reid.models.registry import register_model

FEATURE_DIM = 512

Norms = tuple[tuple[InstanceNorm, InstanceNorm], ...]


class Variant(NamedTuple):
    """The width of a variant and its instance normalization."""

    width: float  #: Share of the channels of osnet_x1_0
    #: For each of the stages conv2, conv3 and conv4, the instance normalization of its two blocks
    norms: Norms = (("none", "none"),) * 3
    style_free_stem: bool = False  #: Whether conv1 uses instance instead of batch normalization
    ain_names: bool = False  #: Whether the weights are named as in the published OSNet-AIN files


# IBN: after the sum, in the first stage only. AIN: the placement that the second paper's architecture search found.
_IBN_NORMS: Norms = (("after", "after"), ("none", "none"), ("none", "none"))
_AIN_NORMS: Norms = (
    ("inside", "inside"),
    ("none", "inside"),
    ("inside", "none"),
)

VARIANTS: dict[str, Variant] = {
    "osnet_x1_0": Variant(1.0),
    "osnet_x0_75": Variant(0.75),
    "osnet_x0_5": Variant(0.5),
    "osnet_x0_25": Variant(0.25),
    "osnet_ibn_x1_0": Variant(1.0, _IBN_NORMS, style_free_stem=True),
    "osnet_ain_x1_0": Variant(1.0, _AIN_NORMS, style_free_stem=True, ain_names=True),
    "osnet_ain_x0_75": Variant(0.75, _AIN_NORMS, style_free_stem=True, ain_names=True),
    "osnet_ain_x0_5": Variant(0.5, _AIN_NORMS, style_free_stem=True, ain_names=True),
    "osnet_ain_x0_25": Variant(0.25, _AIN_NORMS, style_free_stem=True, ain_names=True),
}


class OSNet(nn.Module):
    """OSNet (Table 1 of the paper): a stem, three stages of two omni-scale blocks, and 512 features.

    Args:
        variant: One of `VARIANTS`.
        num_classes: Number of training identities; 0 for no classifier.
    """

    def __init__(self, variant: Variant, num_classes: int = 0) -> None:
        super().__init__()
        c1, c2, c3, c4 = (round(channels * variant.width) for channels in (64, 256, 384, 512))
        self.feature_dim = FEATURE_DIM
        self.map_channels = (c2, c3, c4, c4)  # of the four `stage_maps`
        self.conv1 = ConvNorm(3, c1, kernel=7, stride=2, instance_norm=variant.style_free_stem)
        self.conv2, self.pool2 = _stage(c1, c2, variant.norms[0], variant.ain_names)
        self.conv3, self.pool3 = _stage(c2, c3, variant.norms[1], variant.ain_names)
        self.conv4, _ = _stage(c3, c4, variant.norms[2], variant.ain_names, halve=False)
        self.conv5 = ConvNorm(c4, c4)
        self.fc = nn.Sequential(nn.Linear(c4, FEATURE_DIM), nn.BatchNorm1d(FEATURE_DIM), nn.ReLU())
        self.classifier = nn.Linear(FEATURE_DIM, num_classes) if num_classes else None
        self.apply(_initialize)

    def stage_maps(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Compute the feature maps after conv2, conv3, conv4 and conv5: (n, 3, h, w) -> four maps."""
        x = self.conv1(x)  # (n, c1, h / 2, w / 2)
        x = F.max_pool2d(x, 3, stride=2, padding=1)  # (n, c1, h / 4, w / 4)
        second = self.pool2(self.conv2(x))  # (n, c2, h / 8, w / 8)
        third = self.pool3(self.conv3(second))  # (n, c3, h / 16, w / 16)
        fourth = self.conv4(third)  # (n, c4, h / 16, w / 16)
        return second, third, fourth, self.conv5(fourth)

    def feature_maps(self, x: Tensor) -> Tensor:
        """Compute the last feature map: (n, 3, h, w) -> (n, 512 · width, h / 16, w / 16)."""
        return self.stage_maps(x)[-1]

    def features(self, x: Tensor) -> Tensor:
        """Compute the features: global average pooling, then one fully connected layer, (n, 3, h, w) -> (n, 512)."""
        x = self.feature_maps(x).mean(dim=(2, 3))  # (n, c4)
        return self.fc(x)  # (n, 512), not yet of unit length

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Compute features (n, 512), or in training mode with a classifier (logits (n, num_classes), features)."""
        features = self.features(x)
        if self.training and self.classifier is not None:
            return self.classifier(features), features
        return features


def _stage(
    in_channels: int,
    out_channels: int,
    norms: tuple[InstanceNorm, InstanceNorm],
    ain_names: bool,
    halve: bool = True,
) -> tuple[nn.Sequential, nn.Module]:
    """Build two blocks and a transition that halves height and width.

    In the weights of plain OSNet the transition is the third entry of the stage, in those of OSNet-AIN it is `pool`.
    """
    block = OmniScaleBlockAIN if ain_names else OmniScaleBlock
    blocks = [block(in_channels, out_channels, norms[0]), block(out_channels, out_channels, norms[1])]
    if not halve:
        return nn.Sequential(*blocks), nn.Identity()
    transition = nn.Sequential(ConvNorm(out_channels, out_channels), nn.AvgPool2d(2))
    if ain_names:
        return nn.Sequential(*blocks), transition
    return nn.Sequential(*blocks, transition), nn.Identity()


def _initialize(module: nn.Module) -> None:
    """Initialize convolutions by He's method and linear layers with small normal weights."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
    if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


@register_model(
    "osnet_x1_0", "osnet_x0_75", "osnet_x0_5", "osnet_x0_25", "osnet_ibn_x1_0",
    "osnet_ain_x1_0", "osnet_ain_x0_75", "osnet_ain_x0_5", "osnet_ain_x0_25",
    about="OSNet, this project's own implementation.",
)  # fmt: skip
def build_osnet(name: str, num_classes: int = 0) -> OSNet:
    """Build an OSNet with random weights of PyTorch's generator; see `create_model` for seeded or trained weights."""
    return OSNet(VARIANTS[name], num_classes)
