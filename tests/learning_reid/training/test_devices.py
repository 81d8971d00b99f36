"""Two processes on the CPU compute what one computes from the same batches; the choice of device and precision."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from learning_reid.cli.entry_point import main
from learning_reid.config.load import dump_settings, read_settings
from learning_reid.config.training import TrainSettings
from learning_reid.errors import UserError
from learning_reid.training.accelerator import make_accelerator
from learning_reid.training.log import read_metrics
from learning_reid.training.reid_task import create_trainer
from tests.learning_reid.training.conftest import small_settings


@pytest.fixture(scope="module")
def config(small_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("devices")
    settings = small_settings(small_people, "schedule.batch_size=16", f"run.folder={folder}", "schedule.epochs=2")
    (folder / "small.yml").write_text(dump_settings(settings))
    return folder / "small.yml"


def loss_curve(config: Path) -> list[float]:
    """Train and return the loss of each step.

    In float64: in float32, the backward pass through so many norms turns a rounding error into four per cent, and then
    batch-hard mining and Adam take other paths.
    """
    torch.set_default_dtype(torch.float64)
    try:
        trainer, losses = create_trainer(read_settings(TrainSettings, config)), []
        trainer.network.train()
        for epoch in range(2):
            for images, labels in trainer.task.batches(epoch):
                trainer.schedule.set_rates(trainer.optimizer, epoch)
                metrics, _ = trainer.step((images.double(), labels))
                losses.append(float(trainer.accelerator.reduce(torch.tensor(metrics["loss"]), "mean")))
        return losses
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.fixture(scope="module")
def two_processes(repository: Path, config: Path) -> Path:
    """The folder in which two processes have written their losses, and then a run."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = {**os.environ, "PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
    command = [*launcher, __file__, str(config)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return config.parent


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one(config: Path, two_processes: Path) -> None:
    one, two = loss_curve(config), json.loads((two_processes / "losses.json").read_text())
    assert len(one) == len(two) >= 8 and max(one) - min(one) > 0.1
    assert two == pytest.approx(one, rel=1e-6)


@pytest.mark.slow
def test_two_processes_write_one_run(two_processes: Path) -> None:
    assert [row["epoch"] for row in read_metrics(two_processes / "two")] == ["1", "2"]
    assert (two_processes / "two/curves.png").exists() and (two_processes / "two/weights/best.pt").exists()
    assert not (two_processes / "two-2").exists()


def test_one_gpu_for_several_processes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr("learning_reid.training.accelerator.choose_device", lambda name: name)
    with pytest.raises(UserError, match="run.device=cuda:1 names one GPU for 2 processes"):
        make_accelerator("cuda:1")


def test_a_second_run_in_a_process_may_use_another_precision() -> None:
    assert make_accelerator("cpu", "bf16").mixed_precision == "bf16"
    assert make_accelerator("cpu", "no").mixed_precision == "no"


if __name__ == "__main__":  # one of the two processes
    losses = loss_curve(Path(sys.argv[1]))
    if os.environ["RANK"] == "0":
        Path(sys.argv[1]).with_name("losses.json").write_text(json.dumps(losses))
    # some parameters of a frozen backbone have no gradient
    sys.argv[1:] = ["train", "--config", sys.argv[1], "--set", "run.name=two", "--set", "schedule.fixbase_epochs=1"]
    main()
