"""What all tests share: the real pictures, honest skips, and small, repeatable runs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50, database=None)
settings.load_profile("repeatable")


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the running test and say why; under REID_CI=1, where nothing may be missing, fail instead."""
    if os.environ.get("REID_CI") == "1":
        pytest.fail(f"in CI nothing is skipped: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(name="skip_or_fail", scope="session")
def _skip_or_fail() -> Callable[[str], NoReturn]:
    return skip_or_fail


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real pictures, boxes and weights that REID_REAL_DATA names."""
    folder = os.environ.get("REID_REAL_DATA", "")
    if not folder:
        skip_or_fail("no real pictures; run: REID_REAL_DATA=FOLDER make test")
    if not Path(folder, "README.md").is_file():
        skip_or_fail(
            f"REID_REAL_DATA={folder} holds no data; name the folder that has them: REID_REAL_DATA=FOLDER make test"
        )
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the project."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def generated_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small generated data set in the Market-1501 layout: 8 persons to test, 2 cameras, strangers, junk."""
    from src.synthetic.sets.market import MarketPlan, write_market

    folder = tmp_path_factory.mktemp("generated") / "market"
    write_market(folder, MarketPlan(4, 8, cameras=2, crops_per_camera=2, distractors=4, junk=2), seed=3)
    return folder
