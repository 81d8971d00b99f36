"""The training loop when something is wrong: settings, checkpoints, pictures, disks, terminals. One line, nothing lost."""

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
from learning_reid.training import loop
from learning_reid.training.log import read_metrics
from learning_reid.training.loop import Runner, make_accelerator, prepare
from learning_reid.training.training_data import load_training_data
from tests.learning_reid.training.conftest import assert_same_weights, small_settings, start, write_people


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("model.arch=osnet_x0_5", "model.arch was 'osnet_x0_25', is 'osnet_x0_5'"),
        ("schedule.lr=1e-4", "schedule.lr was 0.003, is 0.0001"),
    ],
)
def test_a_run_is_resumed_with_its_own_settings_alone(
    change: str, said: str, small_people: Path, unbroken: Path
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        start(small_settings(small_people, change), unbroken, resume=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None])
def test_a_damaged_or_missing_checkpoint_is_told(content: bytes | None, small_people: Path, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    if content is not None:
        (tmp_path / "weights/checkpoint.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"checkpoint\.pt (cannot be read|is not there)") as caught:
        start(small_settings(small_people), tmp_path, resume=True)
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(
    small_people: Path, unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, count = Runner.step, 0

    def broken(self: Runner, *arguments: torch.Tensor) -> tuple[float, float]:
        nonlocal count
        count += 1
        loss, right = step(self, *arguments)
        return (float("nan") if count == 12 else loss), right

    monkeypatch.setattr(Runner, "step", broken)
    with pytest.raises(UserError, match="the loss is nan in epoch 2, batch 2; lower schedule.lr"):
        start(small_settings(small_people), tmp_path)
    monkeypatch.undo()
    start(small_settings(small_people), tmp_path, resume=True)
    assert_same_weights(unbroken, tmp_path)


@pytest.mark.parametrize("workers", [0, 1])
def test_pictures_that_vanish_end_the_run_with_a_line(workers: int, tmp_path: Path) -> None:
    settings = small_settings(write_people(tmp_path / "people"), f"data.workers={workers}")
    runner = Runner(settings, make_accelerator(settings), load_training_data(settings))
    for picture in (tmp_path / "people").iterdir():
        picture.unlink()
    with pytest.raises(UserError, match=r"\.png is missing") as caught:
        list(loop.told_plainly(iter(runner.loader)))
    assert "\n" not in str(caught.value)


def test_a_full_disk_ends_the_run_and_keeps_the_last_good_checkpoint(
    small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_settings(small_people, "schedule.epochs=1")
    start(settings, tmp_path)
    before = (tmp_path / "weights/checkpoint.pt").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\); make room"):
        start(settings, tmp_path)
    assert (tmp_path / "weights/checkpoint.pt").read_bytes() == before
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["model.arch=osnet_x0_26"], "did you mean 'osnet_x0_25'"),
        (["loss.type=tripled"], "did you mean 'triplet'"),
        (["loss.type=none", "loss.softmax_weight=0"], "nothing is learned"),
        (["run.amp=fp16"], "fp16 needs a GPU"),
        (["schedule.num_instances=3"], "batch_size 8 is not a multiple of num_instances 3"),
        (["schedule.batch_size=64"], "takes 16 persons, but there are 9"),
        (["data.people=99"], "data.people=99: the data set has 15"),
        (["data.people=1"], "1 identities cannot be divided"),
        (["data.people=2", "data.val_split=0.5"], "keeps one person"),
        (["data.val_split=0.05"], "keeps one person"),
        (["data.root=/nowhere"], "/nowhere"),
    ],
)
def test_a_wrong_wish_is_told_in_a_line(overrides: list[str], said: str, small_people: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        start(small_settings(small_people, *overrides), tmp_path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


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
def test_settings_out_of_range_are_refused_before_anything_is_read(override: str, small_people: Path) -> None:
    with pytest.raises(UserError, match=override.partition("=")[0].replace(".", r"\.")) as caught:
        small_settings(small_people, override)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("loss", ["centre", "arcface"])
def test_a_loss_that_learns_something_itself_is_resumed_with_it(
    loss: str, small_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_settings(small_people, f"loss.type={loss}", "schedule.epochs=2", "loss.metric_weight=0.1")
    start(settings, tmp_path / "whole")
    first = torch.load(tmp_path / "whole/weights/checkpoint.pt", weights_only=True)["loss"]
    fresh = prepare(settings, make_accelerator(settings)).loss.state_dict()
    assert any(not torch.equal(first[name], fresh[name]) for name in fresh)  # it was moved
    step, count = Runner.step, 0

    def interrupted(self: Runner, *arguments: torch.Tensor) -> tuple[float, float]:
        nonlocal count
        count += 1
        if count == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, *arguments)

    monkeypatch.setattr(Runner, "step", interrupted)
    assert start(settings, tmp_path / "broken").interrupted
    monkeypatch.undo()
    start(settings, tmp_path / "broken", resume=True)
    assert_same_weights(tmp_path / "whole", tmp_path / "broken")


def test_the_average_of_another_network_is_one_of_its_own(small_people: Path, tmp_path: Path) -> None:
    settings = small_settings(small_people, "model.arch=squeezenet1_0", "model.input_size=[64, 32]")
    runner = prepare(settings, make_accelerator(settings))
    with torch.no_grad():
        for parameter in runner.training.average.module.backbone.parameters():
            parameter.zero_()
    pictures = torch.randn(2, 3, 64, 32)
    assert not runner.training.average.module.eval().backbone(pictures).any()
    assert runner.training.model.eval().backbone(pictures).any()


def test_validation_computes_in_single_precision_whatever_training_does(small_people: Path) -> None:
    settings = small_settings(small_people, "run.amp=bf16")
    runner = prepare(settings, make_accelerator(settings))
    runner.training.model.eval()
    assert runner.training.model(torch.randn(2, 3, 32, 16)).dtype == torch.float32
    assert runner.training.average.module.eval()(torch.randn(2, 3, 32, 16)).dtype == torch.float32
    seen = []
    runner.training.model.backbone.register_forward_hook(lambda *call: seen.append(call[2].dtype))
    runner.batches.start(0)
    runner.network.train()
    runner.step(*next(iter(runner.loader)))
    assert seen == [torch.bfloat16]


def test_other_pictures_are_not_gone_on_with(tmp_path: Path) -> None:
    settings = small_settings(write_people(tmp_path / "people"), "schedule.epochs=1")
    start(settings, tmp_path / "run")
    next((tmp_path / "people").iterdir()).unlink()
    with pytest.raises(UserError, match="data.fingerprint was"):
        start(settings, tmp_path / "run", resume=True)


def test_people_who_can_never_be_found_are_no_validation(tmp_path: Path) -> None:
    people = write_people(tmp_path / "people", shots=1)
    for picture in people.glob("*.png"):
        if int(picture.name[:4]) % 2 == int(picture.name[6]) % 2:
            picture.unlink()  # each person under one camera, but not all under the same
    with pytest.raises(UserError, match="kept for validation can be found under market1501"):
        start(small_settings(people), tmp_path / "run")


def test_ctrl_c_in_a_terminal_leaves_a_checkpoint(repository: Path, small_people: Path, tmp_path: Path) -> None:
    """A terminal sends it to the processes that read pictures, too."""
    settings = small_settings(small_people, "schedule.epochs=500", "data.workers=2", f"run.folder={tmp_path}")
    (tmp_path / "long.yml").write_text(dump_settings(settings))
    command = [sys.executable, "src/main.py", "train", "--config", str(tmp_path / "long.yml")]
    with (tmp_path / "said.txt").open("w") as said:
        process = subprocess.Popen(command, cwd=repository, start_new_session=True, stdout=said, stderr=said)
        limit = time.monotonic() + 120
        while not read_metrics(tmp_path / "long") and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
    text = (tmp_path / "said.txt").read_text()
    assert "Traceback" not in text and "stopped; go on with: train --resume" in text
    assert (tmp_path / "long/weights/checkpoint.pt").exists() and (tmp_path / "long/curves.png").exists()


def test_fewer_than_k_pictures_of_a_person_are_no_hindrance(tmp_path: Path) -> None:
    settings = small_settings(
        write_people(tmp_path / "people", shots=1), "schedule.epochs=1", "schedule.num_instances=4"
    )
    assert start(settings, tmp_path / "run").epochs == 1
