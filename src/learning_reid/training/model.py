"""The network during training: backbone, BN neck, and a classifier of the training identities."""

from typing import Self

import torch
from torch import Tensor, nn

from learning_reid.config.training import ModelSettings
from learning_reid.models.bnneck import BNNeck
from learning_reid.models.registry import create_model


class TrainingModel(BNNeck):
    """A `BNNeck` with a classifier after the neck; inference drops the classifier.

    Args:
        backbone: (n, 3, h, w) -> (n, feature_dim).
        feature_dim: Length of the backbone's features.
        reid_dim: Length of the projected features; None for no projection.
        classes: Number of training identities.
    """

    def __init__(self, backbone: nn.Module, feature_dim: int, reid_dim: int | None, classes: int) -> None:
        super().__init__(backbone, feature_dim, reid_dim)
        self.classifier = nn.Linear(self.dimension, classes, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:  # type: ignore[override]
        """Compute (n, d) features after the neck; in training, features before it and logits (n, classes)."""
        before = self.before_neck(x)  # (n, d), for the metric loss
        after = self.neck(before)  # (n, d), for the classifier and for ranking
        return (before, self.classifier(after)) if self.training else after

    def train(self, mode: bool = True) -> Self:
        """Switch all layers; the backbone's own flag stays off, because torchreid's return class scores with it."""
        super().train(mode)
        self.backbone.training = False
        return self


def build_training_model(settings: ModelSettings, classes: int, seed: int) -> TrainingModel:
    """Build the network, with the weights that the settings name or random ones.

    Args:
        settings: Backbone, weights, embedding length and input size.
        classes: Number of training identities.
        seed: Seed of the random weights.

    Raises:
        UserError: The backbone is unknown (similar names are suggested), or the weights do not fit it.
    """
    backbone = create_model(settings.arch, settings.weights, seed)
    if isinstance(backbone, BNNeck):  # weights of an earlier run; this one trains a new neck
        backbone = backbone.backbone
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        height, width = settings.input_size
        feature_dim = backbone.eval()(torch.zeros(1, 3, height, width)).shape[1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + 1)
        return TrainingModel(backbone, feature_dim, settings.reid_dim, classes)
