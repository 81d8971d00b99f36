"""What counts as an answer: the protocols."""

from typing import Annotated

import typer


def run(seed: Annotated[int, typer.Option(min=0, help="Of the generated features.")] = 0) -> None:
    """Explain the protocols, and show what each makes of the same features.

    The features are generated: 100 persons, 6 cameras, 3 pictures of each person from each camera, 300 strangers.
    """
    from learning_reid.evaluation.protocol_exhibit import exhibit_text
    from reid_synth.datasets.features import FeatureWorld

    print(exhibit_text(FeatureWorld(seed=seed)))
