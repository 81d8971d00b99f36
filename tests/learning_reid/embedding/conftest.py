"""Crops, models with random weights, and a separate cache folder for the tests of the embedding."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from learning_reid.embedding import benchmark
from learning_reid.models.osnet import build_osnet
from learning_reid.models.torchreid_models import quiet, without_tensorflow


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A temporary folder for exported ONNX files."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def benchmark_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the tasks of a benchmark here; test_benchmark.py shows that processes of their own do the same."""

    def run(task: str, *arguments: str) -> dict[str, object]:
        result: dict[str, object] = json.loads(json.dumps(benchmark._TASKS[task](*arguments)))
        return result

    monkeypatch.setattr(benchmark, "_run_in_process", run)


@pytest.fixture(scope="session")
def torchreid_models() -> ModuleType:
    """torchreid's own models, to compare with."""
    with quiet(), without_tensorflow():
        from torchreid.reid import models
    return models


@pytest.fixture(scope="session")
def crops() -> list[np.ndarray]:
    """Eleven blurred random images of very different sizes."""
    random = np.random.default_rng(7)
    sizes = [
        (80, 30),
        (256, 128),
        (400, 190),
        (300, 40),
        (60, 150),
        (1, 1),
        (97, 33),
        (512, 256),
        (128, 48),
        (3, 200),
        (90, 36),
    ]
    return [cv2.blur(random.integers(0, 256, (h, w, 3), dtype=np.uint8), (5, 5)) for h, w in sizes]


def randomized(state_dict: dict[str, Tensor], seed: int = 3) -> dict[str, Tensor]:
    """Random values with the same names and shapes; no layer is the identity, not even a batch normalization."""
    generator = torch.Generator().manual_seed(seed)
    random = {}
    for key, tensor in state_dict.items():
        if key.endswith("num_batches_tracked"):
            random[key] = torch.tensor(12)
        elif key.endswith("running_var"):
            random[key] = torch.rand(tensor.shape, generator=generator) + 0.5
        elif tensor.ndim == 1:
            center = 1.0 if key.endswith("weight") else 0.0
            random[key] = torch.randn(tensor.shape, generator=generator) * 0.2 + center
        else:
            fan_in = max(tensor[0].numel(), 1)
            random[key] = torch.randn(tensor.shape, generator=generator) * (2 / fan_in) ** 0.5
    return random


@pytest.fixture(scope="session")
def state_dict() -> dict[str, Tensor]:
    """The weights of an osnet_x0_25 with a classifier for 31 identities, as torchreid names them."""
    return randomized(build_osnet("osnet_x0_25", num_classes=31).state_dict())


@pytest.fixture(scope="session")
def weights_file(state_dict: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "x0_25.safetensors"
    save_file(state_dict, path)
    return path


@pytest.fixture(scope="session")
def real_crops(real_data: Path) -> list[np.ndarray]:
    """Every twelfth real crop."""
    files = sorted((real_data / "crops" / "pku_reid").glob("*.jpg"))[::12]
    return [cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB) for file in files]
