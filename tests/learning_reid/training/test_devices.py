"""Two processes on the CPU compute what one computes from the same batches; the choice of device and precision."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from learning_reid.config.load import dump_settings
from learning_reid.errors import UserError
from learning_reid.training.accelerator import make_accelerator
from learning_reid.training.log import read_metrics
from tests.learning_reid.training.conftest import small_settings

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]

# In float64: in float32, the backward pass through so many norms turns a rounding error into four per cent, and then
# batch-hard mining and Adam take other paths.
CURVE = """
import json, sys
from pathlib import Path
import torch
torch.set_default_dtype(torch.float64)
from learning_reid.config.load import read_settings
from learning_reid.config.training import TrainSettings
from learning_reid.training.reid_task import create_trainer
trainer, losses = create_trainer(read_settings(TrainSettings, Path(sys.argv[1]))), []
accelerator = trainer.accelerator
trainer.network.train()
for epoch in range(2):
    for images, labels in trainer.task.batches(epoch):
        trainer.schedule.set_rates(trainer.optimizer, epoch)
        metrics, _ = trainer.step((images.double(), labels))
        losses.append(float(accelerator.reduce(torch.tensor(metrics["loss"]), "mean")))
if accelerator.is_main_process:
    Path(sys.argv[2]).write_text(json.dumps(losses))
accelerator.wait_for_everyone()
accelerator.end_training()
"""


@pytest.fixture(scope="module")
def config(small_people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("devices")
    settings = small_settings(small_people, "schedule.batch_size=16", f"run.folder={folder}", "schedule.epochs=2")
    (folder / "small.yml").write_text(dump_settings(settings))
    return folder / "small.yml"


def run(repository: Path, *arguments: object) -> None:
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one(repository: Path, config: Path) -> None:
    script = config.with_name("curve.py")
    script.write_text(CURVE)
    curves = []
    for launch in ([], TORCHRUN):
        run(repository, *launch, script, config, config.with_name("losses.json"))
        curves.append(json.loads(config.with_name("losses.json").read_text()))
    one, two = curves
    assert len(one) == len(two) >= 8 and max(one) - min(one) > 0.1
    assert two == pytest.approx(one, rel=1e-6)


@pytest.mark.slow
def test_two_processes_write_one_run(repository: Path, config: Path) -> None:
    frozen = ["--set", "schedule.fixbase_epochs=1"]  # so that some parameters have no gradient
    run(repository, *TORCHRUN, "src/main.py", "train", "--config", config, "--set", "run.name=two", *frozen)
    folder = config.parent
    assert [row["epoch"] for row in read_metrics(folder / "two")] == ["1", "2"]
    assert (folder / "two/curves.png").exists() and (folder / "two/weights/best.pt").exists()
    assert not (folder / "two-2").exists()


def test_one_gpu_for_several_processes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr("learning_reid.training.accelerator.choose_device", lambda name: name)
    with pytest.raises(UserError, match="run.device=cuda:1 names one GPU for 2 processes"):
        make_accelerator("cuda:1")


def test_a_second_run_in_a_process_may_use_another_precision() -> None:
    assert make_accelerator("cpu", "bf16").mixed_precision == "bf16"
    assert make_accelerator("cpu", "no").mixed_precision == "no"
