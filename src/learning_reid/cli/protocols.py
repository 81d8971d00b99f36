"""Explain the evaluation protocols."""

from typing import Annotated

import typer


def run(seed: Annotated[int, typer.Option(min=0, help="Seed of the generated embeddings.")] = 0) -> None:
    """Explain the evaluation protocols, and evaluate the same embeddings under each of them.

    The embeddings are generated: 100 persons, 6 cameras, 3 images per person and camera, and 300 distractors.
    """
    from learning_reid.evaluation.protocol_comparison import protocols_text
    from reid_synth.datasets.features import FeaturePlan

    print(protocols_text(FeaturePlan(seed=seed)))
