"""Reading the map of a network in horizontal stripes: head, chest, hips, legs and shoes each keep a place of their own.

The average over the whole picture forgets where a colour was: a red top over blue trousers and a blue top over red ones
come out alike. Cut into stripes (PCB: Sun et al. 2018, arXiv 1711.09349, section 3.1), the vector keeps the order from
head to foot. Each stripe is pooled by the generalised mean (GeM: Radenović et al. 2019, arXiv 1711.02512, eq. 3), which
lies between the average (power 1) and the maximum (power ∞).
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from src.embedding.osnet import OSNet
from src.settings.errors import UserError

_LEAST = 1e-6  # under a power, zero has no gradient


class Stripes(nn.Module):
    """Generalised mean over each of k horizontal stripes: (n, c, h, w) -> (n, k · c).

    Count and power are kept with the weights, so that nobody reads them otherwise than they were trained.

    Args:
        count: stripes, k.
        power: of the generalised mean.

    >>> Stripes(4, 3.0)(torch.ones(2, 8, 16, 8)).shape
    torch.Size([2, 32])
    """

    count: Tensor
    power: Tensor

    def __init__(self, count: int, power: float) -> None:
        super().__init__()
        self.stripes, self.exponent = count, power  # plain numbers, for the graph
        self.register_buffer("count", torch.tensor(count))
        self.register_buffer("power", torch.tensor(power))

    def forward(self, maps: Tensor) -> Tensor:
        """Pool the maps; the first c numbers are of the topmost stripe."""
        mean = F.adaptive_avg_pool2d(maps.clamp(min=_LEAST) ** self.exponent, (self.stripes, 1))  # (n, c, k, 1)
        return (mean ** (1 / self.exponent)).squeeze(3).transpose(1, 2).flatten(1)


class StripedOSNet(nn.Module):
    """An OSNet that answers with its striped map instead of one vector for the whole picture.

    Args:
        backbone: its last layers (`fc`), which would average the map, are left out.
        stripes: see `Stripes`.
    """

    def __init__(self, backbone: OSNet, stripes: Stripes) -> None:
        super().__init__()
        backbone.fc = nn.Identity()  # type: ignore[assignment]
        self.backbone, self.stripes = backbone, stripes
        self.feature_dim = stripes.stripes * backbone.conv5.conv.out_channels

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, feature_dim)."""
        return self.stripes(self.backbone.feature_maps(x))


def stripes_of(backbone: nn.Module, state_dict: Mapping[str, Tensor]) -> nn.Module:
    """The backbone as it is, or read in the stripes that a file of weights asks for.

    Raises:
        UserError: the weights are read in stripes, but the network asked for is no OSNet.
    """
    told = {key.rpartition("stripes.")[2]: value for key, value in state_dict.items() if "stripes." in key}
    if not told:
        return backbone
    if not isinstance(backbone, OSNet):
        raise UserError("the weights are of an OSNet that is read in stripes; set embedder.name to that OSNet")
    return StripedOSNet(backbone, Stripes(int(told["count"]), float(told["power"])))
