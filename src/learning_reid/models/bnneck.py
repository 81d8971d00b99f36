"""A backbone with the BN neck of a trained run: what it answers with at the end is normalised feature by feature.

The metric loss wants features of any length, the classifier directions alone; one batch normalisation between the two
lets both have what they want, and its output is what ranks best (Luo et al. 2019, arXiv 1903.07071, section 3.5).
"""

from collections.abc import Mapping

from torch import Tensor, nn


class Necked(nn.Module):
    """Backbone → projection (where wanted) → BN neck.

    Args:
        backbone: (n, 3, h, w) -> (n, feature_dim).
        feature_dim: of the backbone.
        reid_dim: length of the features; None leaves the backbone's.
    """

    def __init__(self, backbone: nn.Module, feature_dim: int, reid_dim: int | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.projection = nn.Identity() if reid_dim is None else nn.Linear(feature_dim, reid_dim, bias=False)
        self.dimension = reid_dim or feature_dim
        self.neck = nn.BatchNorm1d(self.dimension)
        self.neck.bias.requires_grad_(False)  # a shift would move the classifier's planes away from the origin

    def before_neck(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, dimension), for the metric loss."""
        return self.projection(self.backbone(x))

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, dimension), for ranking."""
        return self.neck(self.before_neck(x))


def neck_of(backbone: nn.Module, state_dict: Mapping[str, Tensor]) -> nn.Module:
    """The backbone as it is, or with the neck that a file of weights has for it."""
    if "neck.weight" not in state_dict:
        return backbone
    projection = state_dict.get("projection.weight")  # (reid_dim, feature_dim)
    if projection is None:
        return Necked(backbone, len(state_dict["neck.weight"]))
    return Necked(backbone, projection.shape[1], projection.shape[0])
