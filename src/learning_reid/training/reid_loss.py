"""What a ReID network is trained on: both questions at once, weighted."""

from typing import Any

from torch import Tensor, nn

from learning_reid.config.training import LossSettings
from learning_reid.errors import UserError
from learning_reid.losses.classification import cross_entropy
from learning_reid.losses.registry import WITH_CLASSES, build_metric_loss
from learning_reid.training.sync_norm import gather_with_grad


class ReidLoss(nn.Module):
    """Cross-entropy on the logits, and a metric loss on the features before the neck."""

    def __init__(self, settings: LossSettings, people: int, dimension: int) -> None:
        super().__init__()
        if not settings.softmax_weight and (not settings.metric_weight or settings.type == "none"):
            raise UserError(
                "loss.softmax_weight is 0 and there is no metric loss, so nothing is learned; set one of them"
            )
        options: dict[str, dict[str, Any]] = {
            "triplet": {"soft": True} if settings.triplet_margin is None else {"margin": settings.triplet_margin},
            "circle": {"margin": settings.circle_margin, "scale": settings.circle_scale},
            "supcon": {"temperature": settings.temperature},
            **{name: {"classes": people, "dimension": dimension} for name in WITH_CLASSES},
        }
        self.metric = build_metric_loss(settings.type, **options.get(settings.type, {}))
        self.settings = settings

    def forward(self, features: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        """Features (n, d), logits (n, people), labels (n,) of this process -> scalar."""
        softmax = cross_entropy(logits, labels, self.settings.label_smooth)
        metric = self.metric(gather_with_grad(features), gather_with_grad(labels))
        return self.settings.softmax_weight * softmax + self.settings.metric_weight * metric
