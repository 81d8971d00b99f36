"""Release of the embedded detector: train, evaluate, write weights, card and log."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from torch import Tensor

from learning_reid.detection.registry import create_detector
from tools.weights.detector import ANYWHERE, STREETS, train_detector
from tools.weights.detector_evaluation import (
    MIN_PRECISION,
    REAL_FRAMES,
    REAL_SCENES,
    REAL_TRUTH,
    SCENES,
    choose_score,
    evaluate_detector,
    generated_places,
    in_percent,
    labeled_frames,
    mean_in_percent,
    real_scenes,
)  # fmt: skip
from tools.weights.release import current_commit, release_weights, write_card

_SECOND_STAGE_SHARE = 0.4  # of the released weights
_LOWEST_SCORE = 0.02  # low enough for AP50 to include the whole curve


def make_detector_weights(
    weights: Path, run: Path, cache: Path, *, resume: bool = True, steps: int | None = None
) -> None:
    """Train the embedded detector and write everything that is released with it.

    Args:
        weights: The `.safetensors` file; card and log are written beside it.
        run: Folder of checkpoint and log.
        cache: Folder of generated people and streets.
        resume: Continue from the checkpoint if there is one.
        steps: Number of steps; None = as in the recipe.
    """
    stages = {"streets": STREETS, "anywhere": ANYWHERE}
    if steps is not None:
        stages = {name: recipe.with_steps(steps) for name, recipe in stages.items()}
    streets = train_detector(stages["streets"], run / "streets", cache, resume=resume).state_dict()
    model = train_detector(stages["anywhere"], run / "anywhere", cache, start=streets, resume=resume)
    model.load_state_dict(average_weights(streets, model.state_dict(), _SECOND_STAGE_SHARE))
    recipes = {name: asdict(recipe) for name, recipe in stages.items()}
    release_weights(model, weights, {"recipe": recipes["anywhere"]}, run / "streets/metrics.csv")
    shutil.copyfile(run / "anywhere/metrics.csv", weights.with_suffix(".anywhere.log.csv"))
    write_card(weights, detector_card(recipes, weights, cache))


def average_weights(first: dict[str, Tensor], second: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Average the weights of two stages; what is no floating-point number is that of the second.

    The average keeps what the first stage is good at (Wortsman et al., *Robust fine-tuning of zero-shot models*, arXiv
    2109.01903).

    Args:
        first: Weights of the first stage.
        second: Weights of the second stage, which started from them.
        share: Weight of the second stage, 0–1.
    """
    return {
        name: first[name].float().lerp(tensor.float(), share) if tensor.is_floating_point() else tensor
        for name, tensor in second.items()
    }


def detector_card(recipes: dict[str, dict[str, Any]], weights: Path, cache: Path) -> dict[str, Any]:
    """Describe the weights: training, metrics, and what they must not be used for.

    The score threshold is chosen on generated places only, not on real frames.
    """
    detector = create_detector("torchvision_frcnn", str(weights), min_score=_LOWEST_SCORE)
    places = {
        kind: evaluate_detector(detector, images, f"generated places: {kind}")
        for kind, images in generated_places(cache).items()
    }
    min_score = choose_score(list(places.values()))
    scenes = chain.from_iterable(labeled_frames(name) for name in SCENES)
    metrics = {f"generated places of an unseen seed: {kind}": in_percent(s, min_score) for kind, s in places.items()}
    name = "demonstration scenes of unseen seeds"
    metrics[name] = in_percent(evaluate_detector(detector, scenes, "scenes"), min_score)
    real = Path(os.environ.get("REID_REAL_DATA", "nowhere"))
    if (real / REAL_TRUTH).is_file():
        frames = labeled_frames(str(real / REAL_FRAMES), real / REAL_TRUTH)
        scores = evaluate_detector(detector, frames, "real frames")
        metrics["real frames: the first 200 of PETS2009 S2.L1 view 1"] = in_percent(scores, min_score)
    real_images = real_scenes(real / REAL_SCENES)
    if real_images:
        found = [evaluate_detector(detector, images, name) for name, images in real_images.items()]
        metrics[f"{len(found)} other real scenes, mean"] = mean_in_percent(found, min_score)
    return {
        "what": "a Faster R-CNN of 2.6 million parameters for people under surveillance cameras; trained on "
        "generated streets, then on generated places of many kinds; a weighted average of both stages",
        "architecture": "slim_frcnn",
        "input": "RGB in 0–1, any size; seen at about 512×384 and 205×154, larger frames also at 1024×768",
        "min_score": min_score,
        "min_score_chosen": f"the lowest with a mean precision of {100 * MIN_PRECISION:.0f} % over the kinds of "
        "generated places of an unseen seed",
        "licence": "MIT; no image of a real person or place was used for training",
        "made_by": "make weights",
        "commit": current_commit(),
        "data": " then ".join(
            f"{recipe['streets']} generated images of {name} (src/reid_synth) with {recipe['sprites']} generated people"
            for name, recipe in recipes.items()
        )
        + ", each with another random camera response whenever it is used",
        "recipe": recipes["anywhere"],
        "recipe_of_first_stage": recipes["streets"],
        "figures_percent": metrics,
        "not_for": "watching, counting or following real people, or any decision about them; it is for lessons, tests "
        "and demos, and misses many people in crowds, in sports and in the distance",
    }
