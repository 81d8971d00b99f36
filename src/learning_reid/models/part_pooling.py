"""Part pooling: one vector for each horizontal stripe of a feature map, from head to shoes.

Global average pooling forgets where a color was: a red top over blue trousers and the reverse look alike. Pooled in
stripes (PCB: Sun et al. 2018, arXiv 1711.09349, section 3.1), the features keep the order from head to foot. Each
stripe is pooled by the generalized mean (GeM: Radenović et al. 2019, arXiv 1711.02512, eq. 3), which lies between the
average (power 1) and the maximum (power ∞). Two more properties of person crops are used:

- The person is in the middle of the crop and the background at the sides, so columns at the sides weigh less.
- A camera with a color cast changes all stripes alike, but not how a stripe differs from the others. A share of the
  mean over the stripes is therefore subtracted.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.errors import UserError
from learning_reid.models.osnet import OSNet

_MOST_PARTS = 64  # a feature map has 16 rows
_SMALLEST = 1e-6  # the gradient of a power is not finite at 0


class PartPooling(nn.Module):
    """Generalized mean over each of k horizontal stripes: (n, c, h, w) -> (n, k · c).

    The three numbers are stored in the state dict (buffer `reading`), so that weights are always pooled the way they
    were trained.

    Args:
        num_parts: Number of stripes, k.
        power: Exponent of the generalized mean.
        mean_share: Share of the mean over all stripes that is subtracted from each, 0 to 1.

    >>> PartPooling(4, 3.0)(torch.ones(2, 8, 16, 8)).shape
    torch.Size([2, 32])
    """

    reading: Tensor

    def __init__(self, num_parts: int, power: float, mean_share: float = 0.0) -> None:
        super().__init__()
        self.num_parts, self.power, self.mean_share = num_parts, power, mean_share  # constants of an exported graph
        self.register_buffer("reading", torch.tensor([num_parts, power, mean_share]))

    def forward(self, maps: Tensor) -> Tensor:
        """Pool feature maps (n, c, h, w); the first c features belong to the topmost stripe."""
        powers = maps.clamp(min=_SMALLEST) ** self.power * column_weights(maps)
        parts = F.adaptive_avg_pool2d(powers, (self.num_parts, 1)) ** (1 / self.power)  # (n, c, k, 1)
        parts = parts - self.mean_share * parts.mean(dim=2, keepdim=True)
        return parts.squeeze(3).transpose(1, 2).flatten(1)  # (n, k · c)


def column_weights(maps: Tensor) -> Tensor:
    """Compute the weights (w,) of the columns of maps (n, c, h, w): half a sine wave with mean 1.

    >>> [round(weight, 3) for weight in column_weights(torch.zeros(1, 1, 1, 3)).tolist()]
    [0.75, 1.5, 0.75]
    """
    # ½, 1½, …; unlike with arange, the width stays dynamic in an ONNX graph
    position = torch.ones_like(maps[0, 0, 0]).cumsum(0) - 0.5
    wave = torch.sin(position * (math.pi / maps.shape[3]))
    return wave / wave.mean()


class PartPooledOSNet(nn.Module):
    """OSNet with part pooling of its last three feature maps instead of one vector for the whole crop.

    The last layers fit the training identities best, earlier ones are more general. On crops from another domain the
    three maps together do better than the last one.

    Args:
        backbone: The OSNet; its last layer `fc` is removed.
        pooling: Applied to each map.
    """

    def __init__(self, backbone: OSNet, pooling: PartPooling) -> None:
        super().__init__()
        backbone.fc = nn.Identity()  # type: ignore[assignment]
        self.backbone, self.stripes = backbone, pooling  # `stripes` is its name in the published weights
        self.feature_dim = pooling.num_parts * sum(backbone.map_channels[1:])

    def forward(self, x: Tensor) -> Tensor:
        """Compute the features, (n, 3, h, w) -> (n, feature_dim); the part of each map has unit length."""
        _, *maps = self.backbone.stage_maps(x)
        return torch.cat([F.normalize(self.stripes(each)) for each in maps], dim=1)


def add_part_pooling(backbone: nn.Module, state_dict: Mapping[str, Tensor]) -> nn.Module:
    """Add the part pooling that the weights were trained with; without any, return the backbone.

    Raises:
        UserError: The weights need part pooling, but the backbone is not an OSNet, or its settings are impossible.
    """
    settings = next((value for key, value in state_dict.items() if key.endswith("stripes.reading")), None)
    if settings is None:
        return backbone
    if not isinstance(backbone, OSNet):
        raise UserError("the weights belong to an OSNet with part pooling; name that OSNet as embedder")
    values = settings.flatten().tolist() if settings.numel() == 3 else [0.0, 0.0, 0.0]
    num_parts, power, mean_share = values
    if not (1 <= num_parts <= _MOST_PARTS and math.isfinite(power) and power > 0 and math.isfinite(mean_share)):
        raise UserError(f"the weights store impossible settings of their part pooling, {values}; use another file")
    return PartPooledOSNet(backbone, PartPooling(int(num_parts), power, mean_share))
