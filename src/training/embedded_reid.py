"""`make weights`, the ReID half: train, write weights/reid.safetensors with its log, measure, write the card."""

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from src.embedding.embedder import Embedder
from src.embedding.registry import create_embedder
from src.training.reid import ReidRecipe, train_reid
from src.training.reid_figures import UNSEEN, figures_on_crops, figures_on_generated, in_percent
from src.training.shipping import copy_log, ship, write_card

REAL_CROPS = Path("crops/pku_reid")  # below REID_REAL_DATA


def make_reid_weights(weights: Path, run: Path, cache: Path, *, resume: bool = True, steps: int | None = None) -> None:
    """Train the embedded ReID network and write everything that is shipped with it.

    Args:
        weights: the `.safetensors` file; the card goes beside it as `.yml`, the log as `.log.csv`.
        run: folder of the checkpoint and the full log.
        cache: folder of generated crops.
        resume: go on from the checkpoint where there is one.
        steps: another number of steps than the recipe's.
    """
    recipe = ReidRecipe() if steps is None else replace(ReidRecipe(), steps=steps)
    model = train_reid(recipe, run, cache, resume=resume)
    ship(model, weights, {"recipe": asdict(recipe)})
    copy_log(run / "log.csv", weights.with_suffix(".log.csv"))
    write_card(weights, reid_card(recipe, create_embedder(recipe.arch, str(weights)), cache))


def reid_card(recipe: ReidRecipe, embedder: Embedder, cache: Path) -> dict[str, Any]:
    """What the weights are, how they were made, how good they are, and what they must not be used for."""
    figures = {
        "generated people of an unseen seed, 3 cameras, Market-1501 protocol": in_percent(
            figures_on_generated(embedder, cache, UNSEEN)
        ),
    }
    real = os.environ.get("REID_REAL_DATA")
    if real and (Path(real) / REAL_CROPS).is_dir():
        figures["real people: PKU-Reid, 37 identities, camera 1 asks, camera 2 answers"] = in_percent(
            figures_on_crops(embedder, Path(real) / REAL_CROPS)
        )
    return {
        "what": "OSNet x0.25 that turns the crop of a person into 512 numbers; trained on people who never existed",
        "architecture": recipe.arch,
        "input": "256×128 RGB, scaled to 0–1, ImageNet mean and deviation",
        "licence": "MIT; no picture of a real person was used to train it",
        "made_by": "make weights",
        "data": f"{recipe.crops.people} generated people × {recipe.crops.crops} crops, "
        f"{recipe.crops.cameras} generated cameras (src/synthetic), a third of the people near-copies of another",
        "recipe": asdict(recipe),
        "figures_percent": figures,
        "not_for": "identifying or following real people, or any decision about them; it is for lessons, tests and "
        "demos, and on real footage published weights find people far better",
    }
