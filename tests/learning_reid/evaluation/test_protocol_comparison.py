"""The same embeddings under five protocols: metrics differ as published, and the document shows the output."""

from pathlib import Path

import pytest

from learning_reid.evaluation.protocol_comparison import evaluate_protocols, protocols_text
from reid_synth.datasets.features import FeaturePlan


@pytest.mark.parametrize("seed", range(3))
def test_metrics_depend_on_the_protocol(seed: int) -> None:
    """open-reid published 42.9 (all-shots), 70.5 (CUHK03 single-shot) and 85.1 (Market1501) for one set of features."""
    rank1 = {name: metrics.rank1 for name, metrics in evaluate_protocols(FeaturePlan(seed=seed)).items()}
    assert rank1["all-shots"] + 0.1 < rank1["cuhk03-single-shot"] < rank1["market1501"] - 0.1
    assert rank1["market1501"] < rank1["self-only"]


def test_the_document_shows_what_the_command_prints(repository: Path) -> None:
    page = (repository / "docs" / "evaluation.md").read_text(encoding="utf-8")
    assert protocols_text(FeaturePlan()) in page
