"""The layers of OSNet: lite convolutions, a gate, and the omni-scale block (arXiv 1905.00953, Section 3).

The attribute names (`conv2a`, `gate.fc1`, `IN`, …) are those of the published weights, which therefore load strictly.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

InstanceNorm = Literal["none", "inside", "after"]


class ConvNorm(nn.Module):
    """Convolution, normalization and ReLU.

    Args:
        instance_norm: Normalize each image by its own statistics instead of those of the batch, which removes the
            style of a camera (brightness, color cast, contrast).
        norm: Whether to normalize at all.
        linear: Leave out the ReLU.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: int = 1,
        instance_norm: bool = False,
        norm: bool = True,
        linear: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False)
        make_norm = nn.InstanceNorm2d if instance_norm else nn.BatchNorm2d
        self.bn = make_norm(out_channels, affine=True) if norm else None
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)  # (n, c_in, h, w) -> (n, c_out, h / stride, w / stride)
        if self.bn is not None:
            x = self.bn(x)
        return x if self.linear else F.relu(x)


class LiteConv3x3(nn.Module):
    """A 3 × 3 convolution in two cheap steps (Figure 3b): 1 × 1 over all channels, then 3 × 3 within each channel.

    It has c·c + 9·c weights instead of 9·c·c, about nine times fewer.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv2(self.conv1(x))))  # (n, c, h, w) -> (n, c, h, w)


class Gate(nn.Module):
    """The unified aggregation gate G of Equation 3: weigh the channels of a stream, depending on the image.

    "Unified" means that the four streams of a block share one gate, so it learns to weigh scales rather than streams.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weight = x.mean(dim=(2, 3), keepdim=True)  # (n, c, h, w) -> (n, c, 1, 1)
        weight = F.relu(self.fc1(weight))  # (n, c / 16, 1, 1)
        weight = self.fc2(weight).sigmoid()  # (n, c, 1, 1), each in 0 to 1
        return x * weight


def stream(channels: int, depth: int) -> nn.Sequential:
    """Build a stream of `depth` lite convolutions, whose receptive field is 2·depth + 1 pixels (Equation 2)."""
    return nn.Sequential(*[LiteConv3x3(channels) for _ in range(depth)])


class OmniScaleBlock(nn.Module):
    """The residual bottleneck of Figure 4b: y = ReLU(x + conv3(Σₜ G(xᵗ) ⊙ xᵗ)), with streams of scale 3, 5, 7 and 9.

    Args:
        in_channels: Channels of x.
        out_channels: Channels of y; the streams have a quarter of them.
        instance_norm: Position of the instance normalization: "inside" the residual branch (OSNet-AIN), "after" the
            sum (OSNet-IBN), or "none".
    """

    def __init__(self, in_channels: int, out_channels: int, instance_norm: InstanceNorm = "none") -> None:
        super().__init__()
        middle = out_channels // 4
        inside = instance_norm == "inside"
        self.conv1 = ConvNorm(in_channels, middle)
        self._make_streams(middle)
        self.gate = Gate(middle)
        self.conv3 = ConvNorm(middle, out_channels, norm=not inside, linear=True)
        same = in_channels == out_channels
        self.downsample = None if same else ConvNorm(in_channels, out_channels, linear=True)
        self.IN = None if instance_norm == "none" else nn.InstanceNorm2d(out_channels, affine=True)
        self.norm_inside = inside

    def _make_streams(self, channels: int) -> None:
        self.conv2a = LiteConv3x3(channels)
        self.conv2b = stream(channels, 2)
        self.conv2c = stream(channels, 3)
        self.conv2d = stream(channels, 4)

    def streams(self) -> Iterable[nn.Module]:
        """Return the four streams, from the smallest scale to the largest."""
        return self.conv2a, self.conv2b, self.conv2c, self.conv2d

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)  # (n, c_out, h, w)
        x = self.conv1(x)  # (n, c_in, h, w) -> (n, c_out / 4, h, w)
        x = sum(self.gate(one_scale(x)) for one_scale in self.streams())  # (n, c_out / 4, h, w)
        x = self.conv3(x)  # (n, c_out, h, w)
        if self.IN is None:
            return F.relu(shortcut + x)
        return F.relu(shortcut + self.IN(x)) if self.norm_inside else F.relu(self.IN(shortcut + x))


class OmniScaleBlockAIN(OmniScaleBlock):
    """The same block with the names of the OSNet-AIN weights: `conv2.0.layers` … `conv2.3.layers`."""

    def _make_streams(self, channels: int) -> None:
        self.conv2 = nn.ModuleList(nn.Sequential(OrderedDict(layers=stream(channels, depth))) for depth in (1, 2, 3, 4))

    def streams(self) -> Iterable[nn.Module]:
        return self.conv2
