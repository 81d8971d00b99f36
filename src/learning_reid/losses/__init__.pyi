from .arcface import ArcFaceLoss as ArcFaceLoss
from .arcface import arcface_logits as arcface_logits
from .arcface import arcface_loss as arcface_loss
from .batch import batch_loss as batch_loss
from .batch import pair_masks as pair_masks
from .center import CenterLoss as CenterLoss
from .center import center_loss as center_loss
from .circle import CircleLoss as CircleLoss
from .circle import circle_loss as circle_loss
from .classification import cross_entropy as cross_entropy
from .contrastive import SupervisedContrastiveLoss as SupervisedContrastiveLoss
from .contrastive import supervised_contrastive_loss as supervised_contrastive_loss
from .registry import create_loss as create_loss
from .registry import list_losses as list_losses
from .registry import register_loss as register_loss
from .triplet import TripletLoss as TripletLoss
from .triplet import triplet_loss as triplet_loss

__all__ = [
    "ArcFaceLoss",
    "CenterLoss",
    "CircleLoss",
    "SupervisedContrastiveLoss",
    "TripletLoss",
    "arcface_logits",
    "arcface_loss",
    "batch_loss",
    "center_loss",
    "circle_loss",
    "create_loss",
    "cross_entropy",
    "list_losses",
    "pair_masks",
    "register_loss",
    "supervised_contrastive_loss",
    "triplet_loss",
]
