"""Real people: PKU-Reid, camera 1 asks and camera 2 answers, with published OSNet ×0.25 weights."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.evaluation.dataset_evaluation import DataOptions, ModelOptions, EvaluationOptions, evaluate
from learning_reid.evaluation.result import EvaluationResult


@pytest.fixture(scope="module")
def pku(real_data: Path) -> EvaluationResult:
    data = DataOptions("folder", real_data / "crops/pku_reid", ["1"])
    model = ModelOptions(weights=str(real_data / "weights/osnet_x0_25_msmt17.pth"), metric="cosine", device="cpu")
    return evaluate(data, model, EvaluationOptions(rerank=True, verification=True))


def test_the_figures_are_those_of_torchreid(pku: EvaluationResult) -> None:
    figures = pku.methods[0].retrieval.means
    assert 100 * figures["rank1"] == pytest.approx(63.2, abs=1.0)
    assert 100 * figures["map"] == pytest.approx(46.7, abs=1.0)
    assert (pku.main.queries, pku.main.queries_skipped, pku.main.gallery) == (296, 0, 296)


def test_torchreid_counts_the_same_on_the_same_features(pku: EvaluationResult) -> None:
    from torchreid.reid.metrics.rank import eval_market1501

    task, contest = pku.task, pku.contest
    distances = 1 - task.query_features.astype(np.float64) @ task.gallery_features.astype(np.float64).T
    labels = contest.query_labels, contest.gallery_labels
    cmc, mean_ap = eval_market1501(distances, *(x.person for x in labels), *(x.camera for x in labels), 50)
    plain = pku.methods[0].retrieval
    np.testing.assert_allclose(plain.cmc, cmc, atol=1e-6)
    assert plain.means["map"] == pytest.approx(mean_ap, abs=1e-6)


def test_reranking_gains_where_there_are_many_pictures_of_each(pku: EvaluationResult) -> None:
    plain, reranked = (method.retrieval.means["map"] for method in pku.methods)
    assert reranked > plain + 0.05
