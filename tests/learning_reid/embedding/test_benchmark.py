"""Speed and memory of a model on a backend: plausible numbers, and no files left behind."""

import logging
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from learning_reid.embedding import benchmark as module
from learning_reid.embedding.benchmark import Speed, benchmark_backend, peak_memory_mb
from learning_reid.embedding.onnx_file import export_onnx
from learning_reid.errors import UserError


@pytest.mark.slow
def test_tasks_run_in_processes_of_their_own(cache: Path) -> None:
    before = sorted(cache.rglob("*.onnx"))
    speed = benchmark_backend("osnet_x0_25", "onnx", crops=3, repeats=1)
    assert isinstance(speed, Speed)
    assert speed.images_per_s > 0
    assert 50 < speed.peak_mb < 4000
    assert sorted(cache.rglob("*.onnx")) == before  # random weights are not cached


@pytest.mark.slow
@pytest.mark.usefixtures("benchmark_in_this_process")
@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_random_weights_on_each_backend(backend: str, cache: Path) -> None:
    before = sorted(cache.rglob("*.onnx"))
    speed = benchmark_backend("osnet_x0_25", backend, crops=3, repeats=1)
    assert speed is not None and speed.images_per_s > 0
    assert sorted(cache.rglob("*.onnx")) == before


@pytest.mark.slow
@pytest.mark.usefixtures("benchmark_in_this_process")
def test_weights_by_absolute_and_relative_path(
    weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_onnx("osnet_x0_25", weights_file, tmp_path / "net.onnx")
    monkeypatch.chdir(tmp_path)
    for weights, backend in ((str(weights_file), "torch"), ("net.onnx", "openvino")):
        assert benchmark_backend("osnet_x0_25", backend, weights, crops=2, repeats=1) is not None


def test_model_that_the_backend_cannot_run(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    tasks: list[str] = []

    def refuse(task: str, *arguments: str) -> dict[str, object]:
        tasks.append(task)
        if task == "export":
            raise UserError("cannot be written as ONNX")
        return {"images_per_s": 1.0, "peak_mb": 1.0} if task == "time" else {}

    monkeypatch.setattr(module, "_run_in_process", refuse)
    caplog.set_level(logging.INFO, "learning_reid.embedding.benchmark")
    assert benchmark_backend("shufflenet", "onnx") is None
    assert "shufflenet on onnx: cannot be written as ONNX" in caplog.text
    assert benchmark_backend("shufflenet", "torch") == Speed(1.0, 1.0)
    assert tasks == ["save", "export", "save", "time"]


@pytest.mark.usefixtures("benchmark_in_this_process")
@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_wrong_weights_raise_on_every_backend(backend: str, tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="weights of another model"):
        benchmark_backend("osnet_x0_25", backend, str(tmp_path / "other.pth"), crops=1, repeats=1)
    (tmp_path / "cut.onnx").write_bytes(b"onnx")
    with pytest.raises(UserError, match="damaged|which PyTorch cannot read"):
        benchmark_backend("osnet_x0_25", backend, str(tmp_path / "cut.onnx"), crops=1, repeats=1)


def test_unknown_names_raise() -> None:
    with pytest.raises(UserError, match="unknown model"):
        benchmark_backend("osnet_x9", "torch")
    with pytest.raises(UserError, match="unknown backend"):
        benchmark_backend("osnet_x0_25", "torhc")


def test_failing_process_raises_in_one_line() -> None:
    with pytest.raises(UserError, match="osnet_x0_25 cannot be measured: .*Error") as error:
        module._run_in_process("save", "osnet_x0_25")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak never goes down; run it on Linux")
def test_peak_memory_grows_with_allocations() -> None:
    before, resident = peak_memory_mb(), psutil.Process().memory_info().rss / 2**20
    allocated = np.ones(int((before - resident + 60) * 2**20), np.uint8)
    assert before + 30 < peak_memory_mb() < before + 90 and allocated[-1]
