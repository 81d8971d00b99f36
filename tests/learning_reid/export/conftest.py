"""Networks with randomized weights, and generated people to calibrate and to measure on."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from learning_reid.export.calibration_images import some_pictures
from learning_reid.models.registry import create_model
from reid_synth.datasets.market import MarketPlan, write_market
from tests.learning_reid.embedding.conftest import randomized, one_thread  # noqa: F401 - a fixture for all tests here too


@pytest.fixture(scope="session")
def weights_of(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A function from a network's name to a file of random weights for it."""
    folder = tmp_path_factory.mktemp("weights")

    def write(name: str) -> Path:
        file = folder / f"{name}.safetensors"
        if not file.is_file():
            save_file(randomized(create_model(name).state_dict()), file)
        return file

    return write


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen generated people before two cameras; half are to calibrate on, half to measure on."""
    folder = tmp_path_factory.mktemp("people") / "market"
    write_market(folder, MarketPlan(8, 8, cameras=2, crops_per_camera=2, distractors=4, junk=0), seed=5)
    return folder


@pytest.fixture(scope="session")
def calibration(market: Path) -> list[np.ndarray]:
    return some_pictures(market / "bounding_box_train", most=32)
