"""Data sets that are drawn on first use and found again afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tqdm.auto import tqdm

from reid_synth.datasets.crops import DRAWING
from reid_synth.datasets.face_set import FacePlan, write_faces
from reid_synth.datasets.market import MarketPlan, write_market


def drawn_once(home: Path, plan: MarketPlan | FacePlan, seed: int) -> Path:
    """The folder below `home` with the people or the faces of a plan; another plan or seed has another folder.

    Args:
        home: where data sets are kept; made if missing.
        plan: how many of what.
        seed: of everything.

    Raises:
        UserError: the folder cannot be written.
    """
    kind = "faces" if isinstance(plan, FacePlan) else "people"
    place = home / f"{kind}_{hashlib.sha256(repr((DRAWING, plan, seed)).encode()).hexdigest()[:8]}"
    if not (place / "labels.csv").exists():  # which is written last
        with tqdm(total=plan.pictures, desc=f"drawing {kind}", unit="picture", dynamic_ncols=True, leave=False) as bar:
            if isinstance(plan, FacePlan):
                write_faces(place, plan, seed, done=bar.update)
            else:
                write_market(place, plan, seed, done=bar.update)
    return place
