"""Wrong settings, damaged checkpoints, missing images, full disks, interrupts: one line, and no work is lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from learning_reid.config.load import dump_settings
from learning_reid.errors import UserError
from learning_reid.training.log import read_metrics
from learning_reid.training.reid_task import ReidTask, create_trainer
from learning_reid.training.task import BatchResult
from tests.learning_reid.training.conftest import assert_same_weights, small_settings, start, write_people


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.arch=osnet_x0_5", "model.arch was 'osnet_x0_25', is 'osnet_x0_5'"),
        ("schedule.lr=1e-4", "schedule.lr was 0.003, is 0.0001"),
    ],
)
@pytest.mark.slow
def test_a_run_is_only_resumed_with_its_own_settings(
    change: str, message: str, small_people: Path, uninterrupted: Path
) -> None:
    with pytest.raises(UserError, match=message) as error:
        start(small_settings(small_people, change), uninterrupted, resume=True)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None])
def test_a_damaged_or_missing_checkpoint_is_reported(content: bytes | None, small_people: Path, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    if content is not None:
        (tmp_path / "weights/checkpoint.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"checkpoint\.pt (cannot be read|does not exist)") as error:
        start(small_settings(small_people), tmp_path, resume=True)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_checkpoint(
    small_people: Path, uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_loss, count = ReidTask.compute_loss, 0

    def nan_at_step_12(self: ReidTask, *arguments: object) -> BatchResult:
        nonlocal count
        count += 1
        result = compute_loss(self, *arguments)
        return result._replace(loss=result.loss * torch.nan) if count == 12 else result

    with monkeypatch.context() as patched:
        patched.setattr(ReidTask, "compute_loss", nan_at_step_12)
        with pytest.raises(UserError, match="the loss is nan in epoch 2, batch 2; lower schedule.lr"):
            start(small_settings(small_people), tmp_path)
    start(small_settings(small_people), tmp_path, resume=True)
    assert_same_weights(uninterrupted, tmp_path)


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.slow
def test_missing_images_end_the_run_with_one_line(workers: int, tmp_path: Path) -> None:
    trainer = create_trainer(small_settings(write_people(tmp_path / "people"), f"data.workers={workers}"))
    for image in (tmp_path / "people").iterdir():
        image.unlink()
    with pytest.raises(UserError, match=r"\.png cannot be read \(no such file") as error:
        list(trainer.task.batches(0))
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_full_disk_ends_the_run_and_keeps_the_last_good_checkpoint(
    small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_settings(small_people, "schedule.epochs=1")
    start(settings, tmp_path)
    before = (tmp_path / "weights/checkpoint.pt").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\); free some space"):
        start(settings, tmp_path)
    assert (tmp_path / "weights/checkpoint.pt").read_bytes() == before
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["model.arch=osnet_x0_26"], "did you mean 'osnet_x0_25'"),
        (["loss.type=tripled"], "did you mean 'triplet'"),
        (["loss.type=none", "loss.softmax_weight=0"], "nothing would be learned"),
        (["run.amp=fp16"], "fp16 needs a GPU"),
        (["schedule.num_instances=3"], "batch_size 8 is not a multiple of num_instances 3"),
        (["schedule.batch_size=64"], "takes 16 persons, but there are 9"),
        (["data.people=99"], "data.people=99: the dataset has 15"),
        (["data.people=1"], "1 identit"),
        (["data.people=2", "data.val_split=0.5"], "leaves one person"),
        (["data.val_split=0.05"], "leaves one person"),
        (["data.root=/nowhere"], "/nowhere"),
    ],
)
def test_wrong_settings_are_reported_in_one_line(
    overrides: list[str], message: str, small_people: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        start(small_settings(small_people, *overrides), tmp_path)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "override",
    [
        "data.val_split=0",
        "data.val_split=1",
        "schedule.lr=-1",
        "schedule.backbone_lr=0",
        "schedule.epochs=0",
        "model.input_size=[256]",
    ],
)
def test_settings_out_of_range_are_refused_before_the_data_are_read(override: str, small_people: Path) -> None:
    with pytest.raises(UserError, match=override.partition("=")[0].replace(".", r"\.")) as error:
        small_settings(small_people, override)
    assert "\n" not in str(error.value)


def test_the_earlier_spelling_of_center_loss_is_accepted(small_people: Path) -> None:
    trainer = create_trainer(small_settings(small_people, "loss.type=center"))
    assert trainer.task.criterion.metric.centers.shape == (9, 32)


def test_a_run_is_not_resumed_on_other_images(tmp_path: Path) -> None:
    settings = small_settings(write_people(tmp_path / "people"), "schedule.epochs=1")
    start(settings, tmp_path / "run")
    next((tmp_path / "people").iterdir()).unlink()
    with pytest.raises(UserError, match="data.fingerprint was"):
        start(settings, tmp_path / "run", resume=True)


def test_validation_persons_without_a_true_match_are_refused(tmp_path: Path) -> None:
    people = write_people(tmp_path / "people", shots=1)
    for image in people.glob("*.png"):
        if int(image.name[:4]) % 2 == int(image.name[6]) % 2:
            image.unlink()  # each person under one camera, but not all under the same
    with pytest.raises(UserError, match="validation persons has a true match under market1501"):
        start(small_settings(people), tmp_path / "run")


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_leaves_a_checkpoint(repository: Path, small_people: Path, tmp_path: Path) -> None:
    """A terminal sends the signal to the worker processes, too."""
    settings = small_settings(small_people, "schedule.epochs=500", "data.workers=1", f"run.folder={tmp_path}")
    (tmp_path / "long.yml").write_text(dump_settings(settings))
    command = [sys.executable, "src/main.py", "train", "--config", str(tmp_path / "long.yml")]
    with (tmp_path / "output.txt").open("w") as output:
        process = subprocess.Popen(command, cwd=repository, start_new_session=True, stdout=output, stderr=output)
        deadline = time.monotonic() + 120
        while not read_metrics(tmp_path / "long") and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
    text = (tmp_path / "output.txt").read_text()
    assert "Traceback" not in text and "resume with: train --resume" in text
    assert (tmp_path / "long/weights/checkpoint.pt").exists() and (tmp_path / "long/curves.png").exists()


def test_persons_with_fewer_than_k_images_are_accepted(tmp_path: Path) -> None:
    settings = small_settings(
        write_people(tmp_path / "people", shots=1), "schedule.epochs=1", "schedule.num_instances=4"
    )
    assert start(settings, tmp_path / "run").epochs == 1
