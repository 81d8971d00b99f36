from .accelerator import make_accelerator as make_accelerator
from .accelerator import on_main_process as on_main_process
from .ema import ema_update as ema_update
from .log import read_metrics as read_metrics
from .mixstyle import apply_mixstyle as apply_mixstyle
from .mixstyle import mix_styles as mix_styles
from .model import TrainingModel as TrainingModel
from .model import build_training_model as build_training_model
from .reid_loss import ReidLoss as ReidLoss
from .reid_task import ReidTask as ReidTask
from .reid_task import create_trainer as create_trainer
from .runs import create_run as create_run
from .runs import find_run as find_run
from .runs import load_run_settings as load_run_settings
from .sampler import IdentityBatchSampler as IdentityBatchSampler
from .schedule import LearningRateSchedule as LearningRateSchedule
from .schedule import build_optimizer as build_optimizer
from .schedule import lr_factor as lr_factor
from .task import BatchResult as BatchResult
from .task import TrainingTask as TrainingTask
from .trainer import Trainer as Trainer
from .trainer import TrainingResult as TrainingResult
from .training_data import TrainingData as TrainingData
from .training_data import evaluation_identities as evaluation_identities
from .training_data import load_training_data as load_training_data
from .training_data import locate_data as locate_data
from .validation import validate as validate

__all__ = [
    "BatchResult",
    "IdentityBatchSampler",
    "LearningRateSchedule",
    "ReidLoss",
    "ReidTask",
    "Trainer",
    "TrainingData",
    "TrainingModel",
    "TrainingResult",
    "TrainingTask",
    "apply_mixstyle",
    "build_optimizer",
    "build_training_model",
    "create_run",
    "create_trainer",
    "ema_update",
    "evaluation_identities",
    "find_run",
    "load_run_settings",
    "load_training_data",
    "locate_data",
    "lr_factor",
    "make_accelerator",
    "mix_styles",
    "on_main_process",
    "read_metrics",
    "validate",
]
