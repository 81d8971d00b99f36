"""The people of a lesson: drawn on the spot, or those of Market-1501 where the reader has them."""

import os
from pathlib import Path

from learning_reid.datasets.kaggle import fetch_dataset
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.sample import CropDataset
from learning_reid.errors import UserError
from reid_course.notebook import ROOT, generated_folder
from reid_synth.datasets.dataset_cache import cached_dataset
from reid_synth.datasets.market import MarketPlan

LESSON = MarketPlan(train_people=50, test_people=50, cameras=4, crops_per_camera=4)  # the `class` preset of synth
SMOKE = MarketPlan(train_people=8, test_people=12, cameras=2, crops_per_camera=3, distractors=8, junk=4)
_USUAL_PLACES = ("data/market1501", "data/Market-1501-v15.09.15", "/kaggle/input", "/content/market1501")


def open_people(data: str = "embedded", plan: MarketPlan = LESSON, seed: int = 7) -> CropDataset:
    """The labelled crops of a lesson, with a training part, queries and a gallery.

    Args:
        data: "embedded": people who never existed, drawn on first use. "market1501": the real set, found on disk (in
            the folder REID_MARKET1501, in data/, or mounted), else fetched from Kaggle.
        plan: how many people, for "embedded"; with REID_SMOKE=1 always a handful.
        seed: which people, for "embedded".

    Raises:
        UserError: another name, or Market-1501 is nowhere and cannot be fetched.
    """
    if data == "market1501":
        return _find_market() or fetch_dataset("market1501").dataset
    if data != "embedded":
        raise UserError(f'no data {data!r} for a lesson: DATA is "embedded" or "market1501"')
    plan = SMOKE if is_smoke() else plan
    return open_dataset("market1501", cached_dataset(generated_folder(), plan, seed))


def is_smoke() -> bool:
    """Whether a notebook should run as small as it can: the tests set REID_SMOKE=1."""
    return os.environ.get("REID_SMOKE") == "1"


def _find_market() -> CropDataset | None:
    places = [Path(os.environ["REID_MARKET1501"])] if "REID_MARKET1501" in os.environ else []
    for place in [*places, *(ROOT / usual for usual in _USUAL_PLACES)]:
        if place.is_dir():
            try:
                return open_dataset("market1501", place)
            except UserError:
                if place in places:  # what the reader named must not be passed over in silence
                    raise
    return None
