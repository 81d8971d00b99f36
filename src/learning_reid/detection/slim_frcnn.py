"""A small Faster R-CNN for people in surveillance images: torchvision's two stages on a small backbone of our own.

Ren et al., *Faster R-CNN* (arXiv 1506.01497), with a feature pyramid (Lin et al., arXiv 1612.03144) of two levels,
strides 8 and 16, for people who are 20–150 pixels tall. Taller and smaller people come into this range in an image
pyramid: the network sees each frame at two or three sizes. What torchvision provides for 80 classes of any shape is
reduced to one upright class: 2.6 million parameters instead of 41 million.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.rpn import AnchorGenerator
from torchvision.ops import MultiScaleRoIAlign, nms

HEIGHT, WIDTH = 384, 512  # images are resized to about this size, times the scales of `pyramid_scales`
CHANNELS = (24, 48, 80, 128, 160)  # of the feature maps at strides 2, 4, 8, 16, 32
PYRAMID_CHANNELS = 80
POOLED = (8, 4)  # rows and columns of a region's features: people are taller than wide

_LARGE_FRAME = 900  # pixels along the longer side, from which a frame shows more detail than WIDTH can hold
_REDUCED_MIN_PX = 64  # people who are smaller at the reduced size are seen better at the full size
_MIN_OBJECTNESS = 0.05  # proposals below cost time and are never people
_NMS_IOU = 0.5
_ASPECT = 2.4  # height / width of a walking person's box
_SIZES = ((14, 20, 29), (41, 58, 82))  # √area of the anchors at stride 8 and 16: heights 22–127 pixels


class Residual(nn.Module):
    """Residual block of two 3×3 convolutions (He et al., arXiv 1512.03385)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        same = inputs == outputs and stride == 1  # "around" is the shortcut's name in the published weights
        self.around = nn.Identity() if same else conv_norm(inputs, outputs, kernel=1, stride=stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return F.relu(y + self.around(x))


def conv_norm(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Return a convolution followed by batch norm."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class Pyramid(nn.Module):
    """Feature pyramid: an image in, feature maps at strides 8 and 16 out, each with the coarser ones added."""

    def __init__(self) -> None:
        super().__init__()
        c2, c4, c8, c16, c32 = CHANNELS
        self.stem = conv_norm(3, c2, kernel=5, stride=2)
        self.stage4 = Residual(c2, c4, stride=2)
        self.stage8 = nn.Sequential(Residual(c4, c8, stride=2), Residual(c8, c8))
        self.stage16 = nn.Sequential(Residual(c8, c16, stride=2), Residual(c16, c16))
        self.stage32 = nn.Sequential(Residual(c16, c32, stride=2), Residual(c32, c32))
        self.lateral8 = nn.Conv2d(c8, PYRAMID_CHANNELS, 1)
        self.lateral16 = nn.Conv2d(c16, PYRAMID_CHANNELS, 1)
        self.lateral32 = nn.Conv2d(c32, PYRAMID_CHANNELS, 1)
        self.smooth8 = conv_norm(PYRAMID_CHANNELS, PYRAMID_CHANNELS)
        self.smooth16 = conv_norm(PYRAMID_CHANNELS, PYRAMID_CHANNELS)
        self.out_channels = PYRAMID_CHANNELS  # read by torchvision

    def forward(self, x: torch.Tensor) -> OrderedDict[str, torch.Tensor]:
        """(n, 3, h, w) -> {"stride8": (n, 80, h/8, w/8), "stride16": (n, 80, h/16, w/16)}."""
        x = x.contiguous(memory_format=torch.channels_last)  # a third faster on a CPU
        x = F.relu(self.stem(x))  # (n, 24, h/2, w/2)
        x = self.stage4(x)  # (n, 48, h/4, w/4)
        x8 = self.stage8(x)  # (n, 80, h/8, w/8)
        x16 = self.stage16(x8)  # (n, 128, h/16, w/16)
        x32 = self.stage32(x16)  # (n, 160, h/32, w/32)
        p32 = self.lateral32(x32)  # (n, 80, h/32, w/32)
        p16 = self.lateral16(x16) + _enlarge(p32, x16)  # (n, 80, h/16, w/16)
        p8 = self.lateral8(x8) + _enlarge(p16, x8)  # (n, 80, h/8, w/8)
        return OrderedDict(stride8=F.relu(self.smooth8(p8)), stride16=F.relu(self.smooth16(p16)))


def _enlarge(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="nearest")


class BoxHead(nn.Module):
    """Turn the pooled features of a region into one vector."""

    def __init__(self, hidden: int = 256) -> None:
        super().__init__()
        self.first = nn.Linear(PYRAMID_CHANNELS * POOLED[0] * POOLED[1], hidden)
        self.second = nn.Linear(hidden, hidden)
        self.width = hidden

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(regions, 80, 8, 4) -> (regions, 256)."""
        return F.relu(self.second(F.relu(self.first(x.flatten(1)))))


class BoxPredictor(nn.Module):
    """Predict class logits and box deltas from a region's vector."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 2)  # background, person
        self.shift = nn.Linear(width, 2 * 4)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(regions, 256) -> (regions, 2) logits, (regions, 8) box deltas."""
        return self.score(x), self.shift(x)


def pyramid_scales(height: int, width: int) -> tuple[float, ...]:
    """Return the sizes at which the network sees a frame, relative to 512 × 384 pixels, in descending order.

    The reduced size shows people who fill the frame, and costs a fifth more time. Twice the size shows the small people
    of frames that have the pixels for it, and takes four times as long.

    >>> pyramid_scales(576, 768), pyramid_scales(1080, 1920)
    ((1.0, 0.4), (2.0, 1.0, 0.4))
    """
    return (2.0, 1.0, 0.4) if max(height, width) >= _LARGE_FRAME else (1.0, 0.4)


class SlimFasterRCNN(FasterRCNN):
    """`FasterRCNN` that detects on an image pyramid in eval mode; in training mode it sees each image once."""

    def fuse_batch_norm(self) -> None:
        """Fuse every batch norm of a trained network with the convolution before it, which saves time."""
        for module in self.eval().modules():
            pairs: list[tuple[str, str]] = []  # names of a convolution and of its norm
            if isinstance(module, Residual):
                pairs = [("conv1", "norm1"), ("conv2", "norm2")]
            elif isinstance(module, nn.Sequential) and isinstance(module[-1], nn.BatchNorm2d):
                pairs = [("0", "1")]
            for conv, norm in pairs:
                setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
                setattr(module, norm, nn.Identity())

    def forward(
        self, images: list[torch.Tensor], targets: list[dict[str, torch.Tensor]] | None = None
    ) -> dict[str, torch.Tensor] | list[dict[str, torch.Tensor]]:
        """See `build_slim_frcnn`."""
        return super().forward(images, targets) if self.training else [self._detect(image) for image in images]

    def _detect(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """Detect at each scale of a (3, h, w) image, and keep the best of overlapping boxes."""
        height, width = image.shape[-2:]
        levels = []
        for scale in pyramid_scales(height, width):  # each smaller image is made from the one before
            zoom = scale * min(HEIGHT / min(height, width), WIDTH / max(height, width))
            size = max(1, round(height * zoom)), max(1, round(width * zoom))
            image = F.interpolate(image[None], size, mode="bilinear", antialias=True)[0]
            self.transform.min_size, self.transform.max_size = (min(size),), max(size)  # no more resizing
            self.rpn.min_size = _REDUCED_MIN_PX / 4 if scale < 1 else 1e-3  # narrower ones would be dropped below
            (found,) = super().forward([image])
            if scale < 1:
                tall = found["boxes"][:, 3] - found["boxes"][:, 1] >= _REDUCED_MIN_PX
                found = {name: values[tall] for name, values in found.items()}
            found["boxes"] = found["boxes"] * found["boxes"].new_tensor([width / size[1], height / size[0]] * 2)
            levels.append(found)
        found = {name: torch.cat([level[name] for level in levels]) for name in levels[0]}
        kept = nms(found["boxes"], found["scores"], _NMS_IOU)  # by descending score
        return {name: values[kept] for name, values in found.items()}


def build_slim_frcnn() -> SlimFasterRCNN:
    """Build the network with random weights, in training mode.

    Call it as any torchvision detector, with a list of (3, h, w) float RGB images in 0..1 of any size; in training also
    with a list of targets {"boxes": (n, 4) xyxy pixels, "labels": (n,) ones}. In eval mode it returns for each image
    {"boxes": (k, 4) pixels of the given image, "labels": (k,), "scores": (k,)} by descending score.
    """
    head = BoxHead()
    levels = ["stride8", "stride16"]
    return SlimFasterRCNN(
        Pyramid(),
        num_classes=None,  # given by the predictor below: background and person
        min_size=HEIGHT,
        max_size=WIDTH,
        image_mean=[0.45] * 3,
        image_std=[0.24] * 3,
        rpn_anchor_generator=AnchorGenerator(_SIZES, ((_ASPECT,),) * len(_SIZES)),
        rpn_pre_nms_top_n_train=600,
        rpn_pre_nms_top_n_test=500,
        rpn_post_nms_top_n_train=300,
        rpn_post_nms_top_n_test=200,
        rpn_fg_iou_thresh=0.6,
        rpn_bg_iou_thresh=0.3,
        rpn_batch_size_per_image=128,
        rpn_score_thresh=_MIN_OBJECTNESS,
        box_roi_pool=MultiScaleRoIAlign(levels, POOLED, sampling_ratio=2, canonical_scale=64, canonical_level=4),
        box_head=head,
        box_predictor=BoxPredictor(head.width),
        box_score_thresh=0.02,
        box_nms_thresh=_NMS_IOU,
        box_detections_per_img=80,
        box_batch_size_per_image=96,
        box_positive_fraction=0.25,
    )
