"""Two processes on the CPU learn what one learns from the same batches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from learning_reid.config.load import dump_settings
from learning_reid.training.log import read_metrics
from tests.learning_reid.training.conftest import small_settings

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]

# In double precision: in single, the backward pass through so many norms makes four per cent of a rounding error, and
# batch-hard mining and Adam then take other ways.
CURVE = """
import json, sys
from pathlib import Path
import torch
torch.set_default_dtype(torch.float64)
from learning_reid.config.load import read_settings
from learning_reid.config.training import TrainSettings
from learning_reid.training.loop import Runner, load_training_data, make_accelerator
settings = read_settings(TrainSettings, Path(sys.argv[1]))
accelerator = make_accelerator(settings)
runner, losses = Runner(settings, accelerator, load_training_data(settings)), []
runner.network.train()
for epoch in range(2):
    runner.batches.start(epoch)
    for pictures, labels in runner.loader:
        runner.training.schedule.set_rates(runner.training.optimiser, epoch)
        loss, _ = runner.step(pictures.double(), labels)
        losses.append(float(accelerator.reduce(torch.tensor(loss), "mean")))
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


def test_the_loss_curve_is_that_of_one_process(repository: Path, config: Path) -> None:
    script = config.with_name("curve.py")
    script.write_text(CURVE)
    curves = []
    for launch in ([], TORCHRUN):
        run(repository, *launch, script, config, config.with_name("losses.json"))
        curves.append(json.loads(config.with_name("losses.json").read_text()))
    one, two = curves
    assert len(one) == len(two) >= 8 and max(one) - min(one) > 0.1
    assert two == pytest.approx(one, rel=1e-6)


def test_two_processes_write_one_run(repository: Path, config: Path) -> None:
    resting = ["--set", "schedule.fixbase_epochs=1"]  # and so with parameters that get no gradient
    run(repository, *TORCHRUN, "src/main.py", "train", "--config", config, "--set", "run.name=two", *resting)
    folder = config.parent
    assert [row["epoch"] for row in read_metrics(folder / "two")] == ["1", "2"]
    assert (folder / "two/curves.png").exists() and (folder / "two/weights/best.pt").exists()
    assert not (folder / "two-2").exists()
