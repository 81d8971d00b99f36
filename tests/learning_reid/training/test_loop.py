"""The training loop: what it writes, that it learns, and that a broken run ends where an unbroken one does."""

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
from learning_reid.training import loop
from learning_reid.training.log import read_metrics
from learning_reid.training.loop import Outcome, Runner, make_accelerator
from learning_reid.training.training_data import load_training_data
from tests.learning_reid.training.conftest import (
    PEOPLE,
    assert_same_weights,
    small_settings,
    start,
    weights,
    write_people,
)

FILES = ("best", "checkpoint", "final")


def test_a_run_writes_what_was_promised(unbroken: Path) -> None:
    rows = read_metrics(unbroken)
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert all(0 <= float(row["map"]) <= 1 and float(row["map_average"]) >= 0 for row in rows)
    assert {path.stem for path in (unbroken / "weights").iterdir()} == set(FILES)
    assert list((unbroken / "tensorboard").glob("events.*"))
    noted = torch.load(unbroken / "weights/best.pt", weights_only=True)
    best = max(max(float(row["map"]), float(row["map_average"])) for row in rows)
    assert noted["map"] == pytest.approx(best, abs=1e-5) and noted["which"] in ("plain", "average")


def test_it_learns_to_name_its_people(tmp_path: Path) -> None:
    people = write_people(tmp_path / "people", people=20)
    gentle = ["augment.erase=0", "augment.jitter=0.05"]
    wanted = ["schedule.epochs=15", "schedule.batch_size=32", "run.validate_every=15", *gentle]
    outcome = start(small_settings(people, *wanted), tmp_path / "run")
    first, *_, last = read_metrics(tmp_path / "run")
    assert float(last["loss"]) < 0.75 * float(first["loss"])
    assert float(last["accuracy"]) > 0.35  # by chance 0.08
    assert outcome.best > 0.8


def test_the_same_settings_give_the_same_weights_whoever_reads(
    small_people: Path, unbroken: Path, tmp_path: Path
) -> None:
    start(small_settings(small_people, "data.workers=2"), tmp_path / "again")
    for name in ("best", "final"):
        assert_same_weights(unbroken, tmp_path / "again", name)


@pytest.mark.parametrize("batch", [2, 13])  # in the midst of the first and of the second epoch
def test_ctrl_c_and_resume_give_the_weights_of_an_unbroken_run(
    batch: int, small_people: Path, unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, count = Runner.step, 0

    def interrupted(self: Runner, *arguments: torch.Tensor) -> tuple[float, float]:
        nonlocal count
        count += 1
        if count == batch:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, *arguments)

    monkeypatch.setattr(Runner, "step", interrupted)
    settings = small_settings(small_people)
    assert start(settings, tmp_path / "run").interrupted
    assert not (tmp_path / "run/curves.png").exists()
    monkeypatch.undo()
    assert start(settings, tmp_path / "run", resume=True) == Outcome(
        3, pytest.approx(float(best(unbroken))), False, False
    )
    assert_same_weights(unbroken, tmp_path / "run")
    assert [row | {"images_per_s": "", "seconds": ""} for row in read_metrics(tmp_path / "run")] == [
        row | {"images_per_s": "", "seconds": ""} for row in read_metrics(unbroken)
    ]


def best(run: Path) -> float:
    return torch.load(run / "weights/best.pt", weights_only=True)["map"]


def test_kill_9_at_any_moment_tears_nothing(small_people: Path, unbroken: Path, tmp_path: Path) -> None:
    settings, run = small_settings(small_people), tmp_path / "run"
    run.mkdir()
    (tmp_path / "settings.yml").write_text(dump_settings(settings))
    code = (
        "import sys; from pathlib import Path; from learning_reid.config.load import read_settings\n"
        "from learning_reid.config.training import TrainSettings; from learning_reid.training.loop import *\n"
        f"settings = read_settings(TrainSettings, Path({str(tmp_path / 'settings.yml')!r}))\n"
        f"prepare(settings, make_accelerator(settings)).train(Path({str(run)!r}))"
    )
    environment = os.environ | {"PYTHONPATH": "."}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 120
    while not read_metrics(run) and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert 1 <= len(read_metrics(run)) < 4
    for file in (run / "weights").glob("*.pt"):
        torch.load(file, weights_only=True)
    resumed = (run / "weights/checkpoint.pt").exists()
    start(settings, run, resume=resumed)
    assert_same_weights(unbroken, run)


def test_patience_ends_a_run_early(small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = iter([0.5, 0.4, 0.3, 0.2, 0.6])
    monkeypatch.setattr(loop, "validate", lambda *_: {"map": next(figures), "rank1": 0.0})
    settings = small_settings(small_people, "schedule.epochs=9", "schedule.patience=2", "schedule.ema_decay=null")
    outcome = start(settings, tmp_path)
    assert (outcome.epochs, outcome.best, outcome.early) == (3, 0.5, True)
    assert torch.load(tmp_path / "weights/best.pt", weights_only=True)["epoch"] == 1


def test_the_average_is_measured_and_kept_where_it_is_better(
    small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def judge(network: torch.nn.Module, *_: object) -> dict[str, float]:
        seen.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return {"map": 0.1 if len(seen) % 2 else 0.9, "rank1": 0.0}  # plain first, then the average

    monkeypatch.setattr(loop, "validate", judge)
    start(small_settings(small_people, "schedule.epochs=1"), tmp_path)
    plain, average = seen
    kept = weights(tmp_path, "best")
    assert all(torch.equal(kept[name], average[name]) for name in kept)
    assert any(not torch.equal(kept[name], plain[name]) for name in kept)


def test_the_backbone_rests_while_it_is_told_to(small_people: Path, tmp_path: Path) -> None:
    settings = small_settings(small_people, "schedule.epochs=1", "schedule.fixbase_epochs=1", "schedule.ema_decay=null")
    runner = Runner(settings, make_accelerator(settings), load_training_data(settings))
    before = {name: tensor.clone() for name, tensor in runner.training.model.state_dict().items()}
    start(settings, tmp_path / "run")
    after = weights(tmp_path / "run")
    for name, tensor in before.items():
        assert torch.equal(tensor, after[name]) == (name.startswith("backbone.") or name == "neck.bias"), name


def test_no_person_is_learned_from_and_validated_on(small_people: Path) -> None:
    for seed in range(4):
        people = load_training_data(small_settings(small_people, f"run.seed={seed}"))
        assert not set(people.persons) & set(people.validation.persons)
        assert len(people.persons) + len(people.validation.persons) == PEOPLE
        paths = {sample.path for sample in people.samples}
        assert not paths & {sample.path for sample in people.validation.samples}
        assert not people.validation.dataset.subset("train")


def test_what_was_trained_can_be_used_everywhere(small_people: Path, unbroken: Path) -> None:
    """The weights file brings its neck and its picture size along; torch and ONNX answer alike."""
    people = load_training_data(small_settings(small_people))
    file = str(unbroken / "weights/best.pt")
    torch_, onnx = (create_embedder("osnet_x0_25", file, backend) for backend in ("torch", "onnx"))
    assert (torch_.preprocessing.height, torch_.preprocessing.width, torch_.dimension) == (32, 16, 32)
    assert (onnx.preprocessing.height, onnx.preprocessing.width, onnx.dimension) == (32, 16, 32)
    first, second = (embed_samples(people.samples[:9], network) for network in (torch_, onnx))
    np.testing.assert_allclose(first, second, atol=1e-4)
