"""`make weights`, the detector half: train, write weights/detector.safetensors and its log, measure, write the card."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

from learning_reid.detection.registry import create_detector
from tools.weights.detector import DetectorRecipe, train_detector
from tools.weights.detector_figures import (
    REAL_FRAMES,
    REAL_TRUTH,
    SCENES,
    choose_score,
    frames_with_truth,
    generated_streets,
    in_percent,
    score_detector,
)  # fmt: skip
from tools.weights.release import copy_log, ship, write_card

_LOWEST_SCORE = 0.02  # measured from here on, so that AP50 sees the whole curve


def make_detector_weights(
    weights: Path, run: Path, cache: Path, *, resume: bool = True, steps: int | None = None
) -> None:
    """Train the embedded detector and write everything that is shipped with it.

    Args:
        weights: the `.safetensors` file; the card goes beside it as `.yml`, the log as `.log.csv`.
        run: folder of the checkpoint and the full log.
        cache: folder of generated people and streets.
        resume: go on from the checkpoint where there is one.
        steps: another number of steps than the recipe's.
    """
    recipe = DetectorRecipe() if steps is None else replace(DetectorRecipe(), steps=steps)
    model = train_detector(recipe, run, cache, resume=resume)
    ship(model, weights, {"recipe": asdict(recipe)})
    copy_log(run / "log.csv", weights.with_suffix(".log.csv"))
    write_card(weights, detector_card(recipe, weights, cache))


def detector_card(recipe: DetectorRecipe, weights: Path, cache: Path) -> dict[str, Any]:
    """What the weights are, how they were made, how good they are, and what they must not be used for.

    The score that they ship with is chosen on generated streets alone; real frames are only measured.
    """
    detector = create_detector("torchvision_frcnn", str(weights), min_score=_LOWEST_SCORE)
    streets = score_detector(detector, generated_streets(cache), "generated streets")
    min_score = choose_score(streets)
    scenes = chain.from_iterable(frames_with_truth(name) for name in SCENES)
    figures = {
        "generated streets, people and cameras of an unseen seed": in_percent(streets, min_score),
        "demonstration scenes of unseen seeds": in_percent(score_detector(detector, scenes, "scenes"), min_score),
    }
    real = Path(os.environ.get("REID_REAL_DATA", "nowhere"))
    if (real / REAL_TRUTH).is_file():
        frames = frames_with_truth(str(real / REAL_FRAMES), real / REAL_TRUTH)
        scores = score_detector(detector, frames, "real frames")
        figures["real frames: the first 200 of PETS2009 S2.L1 view 1"] = in_percent(scores, min_score)
    return {
        "what": "a Faster R-CNN of 2.6 million parameters for people under surveillance cameras; trained on streets "
        "that never existed",
        "architecture": "slim_frcnn",
        "input": "RGB in 0–1, any size; resized to about 512×384",
        "min_score": min_score,
        "min_score_chosen": "the lowest that reaches a precision of 90 % on generated streets of an unseen seed",
        "licence": "MIT; no picture of a real person or place was used to train it",
        "made_by": "make weights",
        "data": f"{recipe.streets} generated streets (src/reid_synth) with {recipe.sprites} generated people, each "
        "photographed anew by a random camera whenever it is used",
        "recipe": asdict(recipe),
        "figures_percent": figures,
        "not_for": "watching, counting or following real people, or any decision about them; it is for lessons, tests "
        "and demos, and has been measured on one real camera only",
    }
