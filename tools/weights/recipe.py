"""What the trainings of the embedded weights share: a recipe, and the library's trainer on it."""

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from learning_reid.config.training import ScheduleSettings
from learning_reid.training.accelerator import make_accelerator
from learning_reid.training.task import TrainingTask
from learning_reid.training.trainer import Trainer

Task = TypeVar("Task", bound=TrainingTask[Any])


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides the weights. The data are generated without end, so an epoch is a number of steps.

    Attributes:
        epochs: Epochs.
        steps_per_epoch: Optimizer steps of an epoch.
        learning_rate: Its maximum, after the warm-up.
        weight_decay: Of AdamW (Loshchilov and Hutter, arXiv 1711.05101).
        warmup_epochs: Epochs of rising learning rate.
        ema_decay: Decay of the moving average of the weights; None = no average.
        seed: Seed of everything random.
        threads: CPU threads of PyTorch; another number gives slightly different sums.
    """

    epochs: int
    steps_per_epoch: int
    learning_rate: float
    weight_decay: float
    warmup_epochs: int
    ema_decay: float | None = None
    seed: int = 1
    threads: int = 1

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole training."""
        return self.epochs * self.steps_per_epoch

    def with_steps(self, steps: int) -> Self:
        """Return the recipe with another number of steps, rounded up to epochs of equal length."""
        epochs = math.ceil(steps / self.steps_per_epoch)
        return replace(self, epochs=epochs, steps_per_epoch=math.ceil(steps / epochs))

    def schedule(self) -> ScheduleSettings:
        """Return the settings of optimizer and learning rate."""
        return ScheduleSettings(
            epochs=self.epochs,
            optimiser="adamw",
            lr=self.learning_rate,
            backbone_lr=self.learning_rate,
            weight_decay=self.weight_decay,
            warmup_epochs=self.warmup_epochs,
            ema_decay=self.ema_decay,
        )


def recipe_settings(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as the settings that a resumed run must repeat."""
    return {"recipe": asdict(recipe)}


def train_task(task: Task, recipe: Recipe, run: Path, resume: bool, device: str = "cpu") -> Trainer[Task]:
    """Train a task by its recipe.

    Args:
        task: Network, batches and loss.
        recipe: Schedule and seed.
        run: Folder of checkpoint and log; created if missing.
        resume: Continue from the checkpoint if there is one.
        device: "cpu" or "cuda".

    Raises:
        KeyboardInterrupt: After Ctrl-C or SIGTERM, once the checkpoint is written.
        UserError: The checkpoint is of another recipe, or cannot be written.
    """
    run.mkdir(parents=True, exist_ok=True)
    accelerator = make_accelerator(device, threads=recipe.threads)
    trainer = Trainer(task, recipe.schedule(), accelerator, seed=recipe.seed, checkpoint_every=10)
    if trainer.train(run, resume and (run / "weights/checkpoint.pt").is_file()).interrupted:
        raise KeyboardInterrupt
    return trainer
