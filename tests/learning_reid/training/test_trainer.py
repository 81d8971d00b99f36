"""The training loop: files, learning, validation, and resumed runs that equal uninterrupted ones."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.config.load import dump_settings
from learning_reid.datasets.embeddings import embed_samples
from learning_reid.embedding.registry import create_embedder
from learning_reid.training import reid_task
from learning_reid.training.log import read_metrics
from learning_reid.training.reid_task import create_trainer
from learning_reid.training.trainer import Trainer, TrainingResult
from learning_reid.training.training_data import load_training_data
from tests.learning_reid.training.conftest import (
    PERSONS,
    assert_same_weights,
    small_settings,
    start,
    weights,
    write_people,
)

pytestmark = pytest.mark.slow

FILES = ("best", "checkpoint", "final")
COLUMNS = "epoch,loss,accuracy,learning_rate,images_per_s,seconds,map,rank1,map_average,rank1_average"


def test_a_run_writes_metrics_weights_and_tensorboard_files(uninterrupted: Path) -> None:
    rows = read_metrics(uninterrupted)
    assert (uninterrupted / "metrics.csv").read_text().splitlines()[0] == COLUMNS
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(0 <= float(row["map"]) <= 1 and float(row["map_average"]) >= 0 for row in rows)
    assert {path.stem for path in (uninterrupted / "weights").iterdir()} == set(FILES)
    assert list((uninterrupted / "tensorboard").glob("events.*"))
    content = torch.load(uninterrupted / "weights/best.pt", weights_only=True)
    best = max(max(float(row["map"]), float(row["map_average"])) for row in rows)
    assert content["map"] == pytest.approx(best, abs=1e-5) and content["which"] in ("plain", "average")
    assert content["settings"]["model"]["arch"] == "osnet_x0_25" and content["input_size"] == [32, 16]


def test_training_learns(tmp_path: Path) -> None:
    people = write_people(tmp_path / "people", people=20)
    weak = ["augment.erase=0", "augment.jitter=0.05"]
    overrides = ["schedule.epochs=12", "schedule.batch_size=32", "run.validate_every=12", *weak]
    result = start(small_settings(people, *overrides), tmp_path / "run")
    first, *_, last = read_metrics(tmp_path / "run")
    assert float(last["loss"]) < 0.75 * float(first["loss"])
    assert float(last["accuracy"]) > 0.35  # by chance 0.08
    assert result.best > 0.8


def test_equal_settings_give_equal_weights_with_any_number_of_workers(
    small_people: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    start(small_settings(small_people, "data.workers=2"), tmp_path / "again")
    for name in ("best", "final"):
        assert_same_weights(uninterrupted, tmp_path / "again", name)


@pytest.mark.parametrize("batch", [2, 13])  # within the first and the second epoch
def test_an_interrupted_and_resumed_run_equals_an_uninterrupted_one(
    batch: int, small_people: Path, uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_settings(small_people)
    with monkeypatch.context() as patched:
        interrupt_at_step(batch, patched)
        assert start(settings, tmp_path / "run").interrupted
    best = torch.load(uninterrupted / "weights/best.pt", weights_only=True)["map"]
    resumed = start(settings, tmp_path / "run", resume=True)
    assert resumed == TrainingResult(epochs=2, best=pytest.approx(float(best)), interrupted=False)
    assert_same_weights(uninterrupted, tmp_path / "run")
    speed = {"images_per_s": "", "seconds": ""}
    rows = [row | speed for row in read_metrics(tmp_path / "run")]
    assert rows == [row | speed for row in read_metrics(uninterrupted)]


@pytest.mark.parametrize("loss", ["center", "arcface"])
def test_parameters_of_the_loss_are_resumed(
    loss: str, small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_settings(small_people, f"loss.type={loss}", "schedule.epochs=2", "loss.metric_weight=0.1")
    start(settings, tmp_path / "whole")
    trained = torch.load(tmp_path / "whole/weights/checkpoint.pt", weights_only=True)["loss"]
    initial = create_trainer(settings).task.criterion.state_dict()
    assert any(not torch.equal(trained[name], initial[name]) for name in initial)
    with monkeypatch.context() as patched:
        interrupt_at_step(4, patched)
        assert start(settings, tmp_path / "run").interrupted
    start(settings, tmp_path / "run", resume=True)
    assert_same_weights(tmp_path / "whole", tmp_path / "run")


def test_dropout_is_resumed_with_its_random_numbers(
    small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_settings(
        small_people, "model.arch=squeezenet1_0", "model.input_size=[64, 32]", "schedule.epochs=1", "data.people=10"
    )
    start(settings, tmp_path / "whole")
    with monkeypatch.context() as patched:
        interrupt_at_step(2, patched)
        assert start(settings, tmp_path / "run").interrupted
    torch.rand(5)
    start(settings, tmp_path / "run", resume=True)
    assert_same_weights(tmp_path / "whole", tmp_path / "run")


def interrupt_at_step(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send SIGTERM to this process during a step."""
    step, count = Trainer.step, 0

    def interrupted(self: Trainer, batch: object) -> tuple[dict[str, float], int]:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch)

    monkeypatch.setattr(Trainer, "step", interrupted)


def test_kill_9_at_any_moment_leaves_complete_files(small_people: Path, uninterrupted: Path, tmp_path: Path) -> None:
    settings, run = small_settings(small_people), tmp_path / "run"
    run.mkdir()
    (tmp_path / "settings.yml").write_text(dump_settings(settings))
    code = (
        "from pathlib import Path\n"
        "from learning_reid.config.load import read_settings\n"
        "from learning_reid.config.training import TrainSettings\n"
        "from learning_reid.training import create_trainer\n"
        f"settings = read_settings(TrainSettings, Path({str(tmp_path / 'settings.yml')!r}))\n"
        f"create_trainer(settings).train(Path({str(run)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not read_metrics(run) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert 1 <= len(read_metrics(run)) < 3
    for file in (run / "weights").glob("*.pt"):
        torch.load(file, weights_only=True)
    start(settings, run, resume=(run / "weights/checkpoint.pt").exists())
    assert_same_weights(uninterrupted, run)


def test_patience_stops_a_run_early(small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([0.5, 0.4, 0.3, 0.2, 0.6])
    monkeypatch.setattr(reid_task, "validate", lambda *_: {"map": next(scores), "rank1": 0.0})
    settings = small_settings(small_people, "schedule.epochs=9", "schedule.patience=2", "schedule.ema_decay=null")
    assert start(settings, tmp_path) == TrainingResult(epochs=3, best=0.5, interrupted=False)
    assert torch.load(tmp_path / "weights/best.pt", weights_only=True)["epoch"] == 1


def test_the_better_of_weights_and_average_is_saved(
    small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validated = []

    def validate(network: torch.nn.Module, *_: object) -> dict[str, float]:
        validated.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return {"map": 0.1 if len(validated) % 2 else 0.9, "rank1": 0.0}  # the plain weights come first

    monkeypatch.setattr(reid_task, "validate", validate)
    start(small_settings(small_people, "schedule.epochs=1"), tmp_path)
    plain, average = validated
    saved = weights(tmp_path, "best")
    assert all(torch.equal(saved[name], average[name]) for name in saved)
    assert any(not torch.equal(saved[name], plain[name]) for name in saved)


def test_the_average_has_its_own_copy_of_the_network(small_people: Path) -> None:
    trainer = create_trainer(small_settings(small_people, "model.arch=squeezenet1_0", "model.input_size=[64, 32]"))
    with torch.no_grad():
        for parameter in trainer.ema.module.backbone.parameters():
            parameter.zero_()
    images = torch.randn(2, 3, 64, 32)
    assert not trainer.ema.module.eval().backbone(images).any()
    assert trainer.task.network.eval().backbone(images).any()


def test_a_frozen_backbone_does_not_change(small_people: Path, tmp_path: Path) -> None:
    settings = small_settings(small_people, "schedule.epochs=1", "schedule.fixbase_epochs=1", "schedule.ema_decay=null")
    before = {name: tensor.clone() for name, tensor in create_trainer(settings).task.network.state_dict().items()}
    start(settings, tmp_path / "run")
    after = weights(tmp_path / "run")
    for name, tensor in before.items():
        assert torch.equal(tensor, after[name]) == (name.startswith("backbone.") or name == "neck.bias"), name


def test_training_and_validation_identities_are_disjoint(small_people: Path) -> None:
    for seed in range(4):
        data = load_training_data(small_settings(small_people, f"run.seed={seed}"))
        assert not set(data.persons) & set(data.validation.persons)
        assert len(data.persons) + len(data.validation.persons) == PERSONS
        paths = {sample.path for sample in data.samples}
        assert not paths & {sample.path for sample in data.validation.samples}


def test_validation_is_computed_in_float32_whatever_the_training(small_people: Path) -> None:
    trainer = create_trainer(small_settings(small_people, "run.amp=bf16"))
    assert trainer.task.network.eval()(torch.randn(2, 3, 32, 16)).dtype == torch.float32
    assert trainer.ema.module.eval()(torch.randn(2, 3, 32, 16)).dtype == torch.float32
    dtypes = []
    trainer.task.network.backbone.register_forward_hook(lambda *call: dtypes.append(call[2].dtype))
    trainer.network.train()
    trainer.step(next(trainer.task.batches(0)))
    assert dtypes == [torch.bfloat16]


def test_trained_weights_work_in_torch_and_onnx(small_people: Path, uninterrupted: Path) -> None:
    """The weights file contains neck and input size."""
    data = load_training_data(small_settings(small_people))
    file = str(uninterrupted / "weights/best.pt")
    embedders = [create_embedder("osnet_x0_25", file, backend) for backend in ("torch", "onnx")]
    for embedder in embedders:
        assert (embedder.preprocessing.height, embedder.preprocessing.width, embedder.dimension) == (32, 16, 32)
    first, second = (embed_samples(data.samples[:9], embedder) for embedder in embedders)
    np.testing.assert_allclose(first, second, atol=1e-4)
