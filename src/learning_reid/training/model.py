"""The network as it is trained: backbone, BN neck, and a classifier that names the training people."""

from typing import Self

import torch
from torch import Tensor, nn

from learning_reid.config.training import ModelSettings
from learning_reid.models.bnneck import BNNeck
from learning_reid.models.state_dict import load_weights
from learning_reid.models.registry import create_model
from learning_reid.models.part_pooling import add_part_pooling
from learning_reid.models.state_dict import read_state_dict


class TrainedNetwork(BNNeck):
    """A `BNNeck` backbone with a classifier after the neck, which is thrown away once the training is over.

    Args:
        backbone: (n, 3, h, w) -> (n, feature_dim).
        feature_dim: of the backbone.
        reid_dim: length of the features; None leaves the backbone's.
        people: how many the classifier tells apart.
    """

    def __init__(self, backbone: nn.Module, feature_dim: int, reid_dim: int | None, people: int) -> None:
        super().__init__(backbone, feature_dim, reid_dim)
        self.classifier = nn.Linear(self.dimension, people, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:  # type: ignore[override]
        """(n, 3, h, w) -> features after the neck (n, d); while training features before it, and logits (n, people)."""
        before = self.before_neck(x)  # (n, d), for the metric loss
        after = self.neck(before)  # (n, d), for classifier and ranking
        return (before, self.classifier(after)) if self.training else after

    def train(self, mode: bool = True) -> Self:
        """Switch every layer; the backbone's own flag stays off, for with it torchreid's answer with class scores."""
        super().train(mode)
        self.backbone.training = False
        return self

    def head(self) -> list[nn.Parameter]:
        """The parameters after the backbone."""
        own = set(map(id, self.backbone.parameters()))
        return [parameter for parameter in self.parameters() if id(parameter) not in own]


def build_model(settings: ModelSettings, people: int, seed: int) -> TrainedNetwork:
    """Build the network, with the weights that the settings name or with random ones of the seed.

    Raises:
        UserError: no such backbone (the nearest names are told), or weights that do not fit it.
    """
    backbone = create_model(settings.arch, seed=seed)
    if settings.weights is not None:
        from learning_reid.models.weights_file import resolve_weights

        weights = resolve_weights(settings.arch, settings.weights)
        backbone = add_part_pooling(backbone, read_state_dict(weights))
        load_weights(backbone, weights)
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        height, width = settings.input_size
        feature_dim = backbone.eval()(torch.zeros(1, 3, height, width)).shape[1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + 1)
        return TrainedNetwork(backbone, feature_dim, settings.reid_dim, people)
