"""Reading a network in horizontal stripes: head, chest, hips, legs and shoes each keep a place of their own.

The average over the whole picture forgets where a colour was: a red top over blue trousers and a blue top over red ones
come out alike. Cut into stripes (PCB: Sun et al. 2018, arXiv 1711.09349, section 3.1), the vector keeps the order from
head to foot. Each stripe is pooled by the generalised mean (GeM: Radenović et al. 2019, arXiv 1711.02512, eq. 3), which
lies between the average (power 1) and the maximum (power ∞). Two more things are known of every crop:

- The person stands in the middle and the street at the sides, so the sides count less.
- A camera that sees everything redder, or paler, changes all stripes alike; how a stripe differs from the others stays.
  A share of the mean over the stripes is therefore taken away.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.errors import UserError
from learning_reid.models.osnet import OSNet

_LEAST = 1e-6  # under a power, zero has no gradient


class Stripes(nn.Module):
    """Generalised mean over each of k horizontal stripes: (n, c, h, w) -> (n, k · c).

    The three numbers are kept with the weights, so that nobody reads them otherwise than they were trained.

    Args:
        count: stripes, k.
        power: of the generalised mean.
        relief: share of the mean over all stripes that is taken from each, 0–1.

    >>> Stripes(4, 3.0)(torch.ones(2, 8, 16, 8)).shape
    torch.Size([2, 32])
    """

    reading: Tensor

    def __init__(self, count: int, power: float, relief: float = 0.0) -> None:
        super().__init__()
        self.count, self.power, self.relief = count, power, relief  # plain numbers, for the graph
        self.register_buffer("reading", torch.tensor([count, power, relief]))

    def forward(self, maps: Tensor) -> Tensor:
        """Pool the maps; the first c numbers are of the topmost stripe."""
        powers = maps.clamp(min=_LEAST) ** self.power * middle_counts_most(maps)
        stripes = F.adaptive_avg_pool2d(powers, (self.count, 1)) ** (1 / self.power)  # (n, c, k, 1)
        stripes = stripes - self.relief * stripes.mean(dim=2, keepdim=True)
        return stripes.squeeze(3).transpose(1, 2).flatten(1)


def middle_counts_most(maps: Tensor) -> Tensor:
    """Weights of the columns of maps (n, c, h, w): half a sine wave, 1 on average, (w,).

    >>> [round(weight, 3) for weight in middle_counts_most(torch.zeros(1, 1, 1, 3)).tolist()]
    [0.75, 1.5, 0.75]
    """
    place = torch.ones_like(maps[0, 0, 0]).cumsum(0) - 0.5  # ½, 1½, …; an ONNX graph keeps its length, unlike arange's
    wave = torch.sin(place * (math.pi / maps.shape[3]))
    return wave / wave.mean()


class StripedOSNet(nn.Module):
    """An OSNet that answers with its last three maps in stripes instead of one vector for the whole picture.

    What is learned last fits the people of the training set best; what comes before is more general. Between worlds
    that differ, the three together know more than the last.

    Args:
        backbone: its last layers (`fc`), which would average the map, are left out.
        stripes: see `Stripes`.
    """

    def __init__(self, backbone: OSNet, stripes: Stripes) -> None:
        super().__init__()
        backbone.fc = nn.Identity()  # type: ignore[assignment]
        self.backbone, self.stripes = backbone, stripes
        self.feature_dim = stripes.count * sum(backbone.map_channels[1:])

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, feature_dim): each map's part is of unit length, so that none drowns the others."""
        _, *maps = self.backbone.stage_maps(x)
        return torch.cat([F.normalize(self.stripes(each)) for each in maps], dim=1)


def stripes_of(backbone: nn.Module, state_dict: Mapping[str, Tensor]) -> nn.Module:
    """The backbone as it is, or read in the stripes that a file of weights asks for.

    Raises:
        UserError: the weights are read in stripes, but the network asked for is no OSNet.
    """
    reading = next((value for key, value in state_dict.items() if key.endswith("stripes.reading")), None)
    if reading is None:
        return backbone
    if not isinstance(backbone, OSNet):
        raise UserError("the weights are of an OSNet that is read in stripes; set embedder.name to that OSNet")
    count, power, relief = reading.tolist()
    return StripedOSNet(backbone, Stripes(int(count), power, relief))
