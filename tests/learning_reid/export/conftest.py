"""Models with random weights, and synthetic people to calibrate and to evaluate on."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from learning_reid.datasets.images import sample_images
from learning_reid.models.registry import create_model
from reid_synth.datasets.market import MarketPlan, write_market
from tests.learning_reid.embedding.conftest import one_thread, randomized  # noqa: F401


@pytest.fixture(scope="session")
def weights_of(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A function from a model's name to a file with random weights for it."""
    folder = tmp_path_factory.mktemp("weights")

    def write(name: str) -> Path:
        file = folder / f"{name}.safetensors"
        if not file.is_file():
            save_file(randomized(create_model(name).state_dict()), file)
        return file

    return write


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen synthetic people seen by two cameras; half to calibrate on, half to evaluate on."""
    folder = tmp_path_factory.mktemp("people") / "market"
    write_market(folder, MarketPlan(8, 8, cameras=2, crops_per_camera=2, distractors=4, junk=0), seed=5)
    return folder


@pytest.fixture(scope="session")
def calibration(market: Path) -> list[np.ndarray]:
    return sample_images(market / "bounding_box_train", 32)
