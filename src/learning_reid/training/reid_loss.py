"""The loss of a ReID run: a weighted sum of cross-entropy and a metric loss."""

from torch import Tensor, nn

from learning_reid.config.training import LossSettings
from learning_reid.errors import UserError
from learning_reid.losses.classification import cross_entropy
from learning_reid.losses.registry import create_loss, loss_options
from learning_reid.training.sync_norm import gather_with_grad


class ReidLoss(nn.Module):
    """Cross-entropy on the logits plus a metric loss on the features before the BN neck (Luo et al. 2019, eq. 7).

    Args:
        settings: Name, weights and options of the losses.
        classes: Number of training identities.
        dimension: Length of the features.

    Raises:
        UserError: The metric loss is unknown, or nothing is left to train on.
    """

    def __init__(self, settings: LossSettings, classes: int, dimension: int) -> None:
        super().__init__()
        if not settings.softmax_weight and (not settings.metric_weight or settings.type == "none"):
            raise UserError(
                "loss.softmax_weight is 0 and there is no metric loss, so nothing would be learned; set one of them"
            )
        configured: dict[str, dict[str, float | None]] = {
            "triplet": {"margin": settings.triplet_margin},
            "circle": {"margin": settings.circle_margin, "scale": settings.circle_scale},
            "supcon": {"temperature": settings.temperature},
        }
        options = configured.get(settings.type, {})
        if "classes" in loss_options(settings.type):  # it learns something for each training identity
            options = {**options, "classes": classes, "dimension": dimension}
        self.metric = create_loss(settings.type, **options)
        self.settings = settings

    def forward(self, features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of features (n, d), logits (n, classes) and labels (n,) of this process."""
        softmax = cross_entropy(logits, labels, self.settings.label_smooth)
        metric = self.metric(gather_with_grad(features), gather_with_grad(labels))
        return self.settings.softmax_weight * softmax + self.settings.metric_weight * metric
