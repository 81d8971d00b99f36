"""Real people: PKU-Reid, query camera 1 and gallery camera 2, with published OSNet ×0.25 weights."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.evaluation.dataset_evaluation import evaluate_dataset
from learning_reid.evaluation.options import DataOptions, EvaluationOptions, ModelOptions
from learning_reid.evaluation.result import EvaluationResult

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pku(real_data: Path) -> EvaluationResult:
    data = DataOptions("folder", real_data / "crops/pku_reid", ["1"])
    model = ModelOptions(weights=str(real_data / "weights/osnet_x0_25_msmt17.pth"), metric="cosine", device="cpu")
    return evaluate_dataset(data, model, EvaluationOptions(rerank=True, verification=True))


def test_metrics_are_those_published_by_torchreid(pku: EvaluationResult) -> None:
    plain = pku.methods[0].metrics
    assert 100 * plain.rank1 == pytest.approx(63.2, abs=1.0)
    assert 100 * plain.map == pytest.approx(46.7, abs=1.0)
    assert (pku.metrics.queries, pku.metrics.queries_skipped, pku.metrics.gallery) == (296, 0, 296)


def test_torchreid_gives_the_same_metrics_for_the_same_features(pku: EvaluationResult) -> None:
    from torchreid.reid.metrics.rank import eval_market1501

    task, split = pku.task, pku.split
    distances = 1 - task.query_features.astype(np.float64) @ task.gallery_features.astype(np.float64).T
    labels = split.query_labels, split.gallery_labels
    cmc, mean_ap = eval_market1501(distances, *(x.person for x in labels), *(x.camera for x in labels), 50)
    plain = pku.methods[0].metrics
    np.testing.assert_allclose(plain.cmc, cmc, atol=1e-6)
    assert plain.map == pytest.approx(mean_ap, abs=1e-6)


def test_reranking_helps_with_many_images_per_person(pku: EvaluationResult) -> None:
    plain, reranked = (method.metrics.map for method in pku.methods)
    assert reranked > plain + 0.05
