"""Person crops of a lesson: synthetic people, or Market-1501 where it is available."""

import os
from pathlib import Path

from learning_reid.datasets.kaggle import fetch_dataset
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.sample import CropDataset
from learning_reid.errors import UserError
from learning_reid.io.paths import home
from reid_course.notebook import generated_folder
from reid_synth.datasets.dataset_cache import cached_dataset
from reid_synth.datasets.market import MarketPlan

LESSON_PLAN = MarketPlan(train_people=50, test_people=50, cameras=4, crops_per_camera=4)  # preset `class` of synth
SMOKE_PLAN = MarketPlan(train_people=8, test_people=12, cameras=2, crops_per_camera=3, distractors=8, junk=4)
_MARKET_FOLDERS = ("data/market1501", "data/Market-1501-v15.09.15", "/kaggle/input", "/content/market1501")


def open_people(data: str = "embedded", plan: MarketPlan = LESSON_PLAN, seed: int = 7) -> CropDataset:
    """Open the labelled person crops of a lesson: a training split, queries and a gallery.

    Args:
        data: "embedded" = synthetic people, rendered on first use. "market1501" = the real dataset, from the folder
            REID_MARKET1501 or a usual one, otherwise downloaded from Kaggle.
        plan: Numbers of people, cameras and crops for "embedded"; REID_SMOKE=1 always takes a small plan.
        seed: Seed of the synthetic people.

    Raises:
        UserError: There is no such data, or Market-1501 is neither on disk nor available for download.
    """
    if data == "market1501":
        return _find_market() or fetch_dataset("market1501").dataset
    if data != "embedded":
        raise UserError(f'no data {data!r} for a lesson: DATA is "embedded" or "market1501"')
    plan = SMOKE_PLAN if is_smoke() else plan
    return open_dataset("market1501", cached_dataset(generated_folder(), plan, seed))


def is_smoke() -> bool:
    """Return whether notebooks should run on as little data as possible, as tests request with REID_SMOKE=1."""
    return os.environ.get("REID_SMOKE") == "1"


def _find_market() -> CropDataset | None:
    named = [Path(os.environ["REID_MARKET1501"])] if "REID_MARKET1501" in os.environ else []
    for folder in [*named, *(home() / usual for usual in _MARKET_FOLDERS)]:
        if folder.is_dir():
            try:
                return open_dataset("market1501", folder)
            except UserError:
                if folder in named:  # a folder that the user names must not be skipped silently
                    raise
    return None
