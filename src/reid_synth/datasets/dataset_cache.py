"""Synthetic datasets that are generated on first use and cached on disk."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from tqdm.auto import tqdm

from reid_synth.datasets.crops import RENDERER_VERSION
from reid_synth.datasets.face_dataset import FacePlan, write_faces
from reid_synth.datasets.market import MarketPlan, write_market
from reid_synth.target_lock import lock_target


def cached_dataset(home: Path, plan: MarketPlan | FacePlan, seed: int) -> Path:
    """Return the folder of a synthetic dataset below `home`; generate the dataset if it is not cached.

    Args:
        home: Cache folder; created if missing.
        plan: Size and properties of the dataset. Each plan and seed has its own folder.
        seed: Seed of everything that is random.

    Raises:
        UserError: The folder cannot be written.
    """
    kind = "faces" if isinstance(plan, FacePlan) else "people"
    folder = home / f"{kind}_{hashlib.sha256(repr((RENDERER_VERSION, plan, seed)).encode()).hexdigest()[:8]}"
    last = folder / "labels.csv"
    if last.exists():
        return folder
    with suppress(OSError):  # reported when the dataset is written
        home.mkdir(parents=True, exist_ok=True)
    with lock_target(folder, wait=True):
        if not last.exists():  # the process that had the lock may have generated it
            _generate(folder, plan, seed)
    return folder


def _generate(folder: Path, plan: MarketPlan | FacePlan, seed: int) -> None:
    kind = "faces" if isinstance(plan, FacePlan) else "people"
    with tqdm(total=plan.images, desc=f"generating {kind}", unit="image", dynamic_ncols=True, leave=False) as bar:
        if isinstance(plan, FacePlan):
            write_faces(folder, plan, seed, done=bar.update)
        else:
            write_market(folder, plan, seed, done=bar.update)
