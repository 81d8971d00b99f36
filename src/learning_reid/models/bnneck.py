"""BNNeck: a batch normalization between the features of the metric loss and those of the classifier.

The metric loss uses features of any length, the classifier only their direction. The output of the normalization
ranks best (Luo et al. 2019, arXiv 1903.07071, section 3.5).
"""

from collections.abc import Mapping

from torch import Tensor, nn

from learning_reid.errors import UserError


class BNNeck(nn.Module):
    """Backbone, optional projection, batch normalization.

    Args:
        backbone: (n, 3, h, w) -> (n, feature_dim).
        feature_dim: Length of the backbone's features.
        reid_dim: Length of the projected features; None for no projection.
    """

    def __init__(self, backbone: nn.Module, feature_dim: int, reid_dim: int | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.projection = nn.Identity() if reid_dim is None else nn.Linear(feature_dim, reid_dim, bias=False)
        self.dimension = reid_dim or feature_dim
        self.neck = nn.BatchNorm1d(self.dimension)
        self.neck.bias.requires_grad_(False)  # a shift would move the classifier's hyperplanes away from the origin

    def before_neck(self, x: Tensor) -> Tensor:
        """Compute the features for the metric loss: (n, 3, h, w) -> (n, dimension)."""
        return self.projection(self.backbone(x))

    def forward(self, x: Tensor) -> Tensor:
        """Compute the features for ranking: (n, 3, h, w) -> (n, dimension)."""
        return self.neck(self.before_neck(x))


def add_bnneck(backbone: nn.Module, state_dict: Mapping[str, Tensor]) -> nn.Module:
    """Wrap a backbone in the BNNeck that its weights contain; without one, return the backbone.

    Raises:
        UserError: The weights of the neck are not those of a BNNeck.
    """
    neck = state_dict.get("neck.weight")  # (dimension,)
    projection = state_dict.get("projection.weight")  # (reid_dim, feature_dim)
    if neck is None:
        return backbone
    if neck.ndim != 1 or (projection is not None and projection.ndim != 2):
        raise UserError("the weights store a neck that is not a batch normalization of vectors; use another file")
    if projection is None:
        return BNNeck(backbone, len(neck))
    return BNNeck(backbone, projection.shape[1], projection.shape[0])
