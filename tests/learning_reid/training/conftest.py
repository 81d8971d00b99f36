"""A small dataset to train on: persons differ by the colors of two halves, each seen by two cameras."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from learning_reid.config.load import read_settings
from learning_reid.config.training import TrainSettings
from learning_reid.training.reid_task import create_trainer
from learning_reid.training.trainer import TrainingResult

PERSONS, SHOTS = 15, 3


def write_people(folder: Path, people: int = PERSONS, shots: int = SHOTS) -> Path:
    """Write Market-named crops, 32×16 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    for person in range(1, people + 1):
        colors = rng.integers(20, 235, (2, 3))
        for camera in (1, 2):
            for shot in range(shots):
                halves = np.repeat(colors, 16, axis=0)[:, None] + rng.normal(0, 12, (32, 16, 3)) + 15 * (camera - 1)
                name = f"{person:04d}_c{camera}s1_{shot:06d}_00.png"
                Image.fromarray(halves.clip(0, 255).astype(np.uint8)).save(folder / name)
    return folder


@pytest.fixture(scope="session")
def small_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("people") / "crops")


def small_settings(folder: Path, *overrides: str) -> TrainSettings:
    """Settings of a run that takes a second."""
    small = [
        "data.dataset=folder", f"data.root={folder}", "data.workers=0", "data.val_split=0.4",
        "model.arch=osnet_x0_25", "model.input_size=[32, 16]", "model.reid_dim=32",
        "schedule.epochs=2", "schedule.batch_size=8", "schedule.num_instances=4", "schedule.warmup_epochs=1",
        "schedule.lr=3e-3", "schedule.backbone_lr=3e-3", "augment.pad=2",
        "run.device=cpu", "run.amp=no", "run.threads=1", "run.checkpoint_every=1",
    ]  # fmt: skip
    return read_settings(TrainSettings, None, [*small, *overrides])


def start(settings: TrainSettings, run: Path, resume: bool = False) -> TrainingResult:
    run.mkdir(exist_ok=True)
    return create_trainer(settings).train(run, resume)


def weights(run: Path, name: str = "final") -> dict[str, torch.Tensor]:
    return torch.load(run / f"weights/{name}.pt", weights_only=True)["state_dict"]


def assert_same_weights(a: Path, b: Path, name: str = "final") -> None:
    first, second = weights(a, name), weights(b, name)
    assert first.keys() == second.keys()
    for key, tensor in first.items():
        assert torch.equal(tensor, second[key]), key


@pytest.fixture(scope="module")
def uninterrupted(small_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "uninterrupted"
    result = start(small_settings(small_people), run)
    assert (result.epochs, result.interrupted) == (2, False)
    return run
