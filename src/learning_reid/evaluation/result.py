"""Result of an evaluation, and its JSON form."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from learning_reid.datasets.embeddings import sample_name
from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from learning_reid.datasets.retrieval_task import RetrievalTask
from learning_reid.io.output_folder import to_json_value
from learning_reid.metrics.breakdown import CameraPairMetrics, PersonMetrics
from learning_reid.metrics.retrieval import METRICS, RetrievalMetrics
from learning_reid.metrics.verification import FARS, PairDistances, eer, far_at_tar, tar_at_far
from learning_reid.retrieval.distances import DistanceRows


@dataclass(frozen=True, eq=False)
class RankingMethod:
    """Metrics of one way to rank the same embeddings: plain, with query expansion, or re-ranked."""

    name: str
    metrics: RetrievalMetrics
    seconds: float


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """Result of evaluating a model on a dataset."""

    task: RetrievalTask  #: Query, gallery and their embeddings
    model: Mapping[str, str]  #: Embedder, weights, backend and metric
    data: str  #: Fingerprint of the images and labels
    methods: Sequence[RankingMethod]  #: Ranking methods, plain first; the main metrics are those of the last
    distance_rows: DistanceRows  #: Distances of the last method
    protocols: Sequence[RetrievalMetrics]  #: Plain metrics under each protocol, if there are several
    intervals: Mapping[str, tuple[float, float]]  #: 95 % intervals over persons of each metric of the last method
    pairs: PairDistances | None  #: Plain distances of pairs, if verification was requested
    open_set: Mapping[str, float]  #: DIR of the plain distances, by FAR as text ("0.1")
    camera_pairs: Sequence[CameraPairMetrics]  #: Metrics of the last method by camera pair
    persons: Sequence[PersonMetrics]  #: Metrics of the last method by person, the hardest first
    notes: Sequence[str]  #: What the reader should know

    @property
    def split(self) -> QueryGallerySplit:
        """Query and gallery."""
        return self.task.split

    @property
    def metrics(self) -> RetrievalMetrics:
        """The main metrics."""
        return self.methods[-1].metrics


def verification_metrics(pairs: PairDistances) -> dict[str, Any]:
    """Compute EER with its threshold, TAR at each FAR, FPR at 95 % TAR, and the numbers of pairs."""
    rate, threshold = eer(pairs.genuine, pairs.impostor)
    return {
        "eer": rate,
        "eer_threshold": threshold,
        "tar_at_far": {f"{far:g}": tar_at_far(pairs.genuine, pairs.impostor, far) for far in FARS},
        "fpr_at_95": far_at_tar(pairs.genuine, pairs.impostor),
        "genuine_pairs": len(pairs.genuine),
        "impostor_pairs": len(pairs.impostor),
        "impostors_sampled": pairs.sampled,
    }


def result_to_json(result: EvaluationResult) -> dict[str, Any]:
    """Convert a result to plain values; a metric that could not be computed is null."""
    split, metrics = result.split, result.metrics
    values: dict[str, Any] = {
        "dataset": split.dataset.name,
        **result.model,
        **_describe(metrics, result.data),
        "ap": metrics.ap,
        "method": result.methods[-1].name,
        "gallery": metrics.gallery,
        "persons": len(split.persons),
        "cameras": list(split.cameras),
        "intervals_95": {name: list(ends) for name, ends in result.intervals.items()},
        "dir_at_far": dict(result.open_set),
        "cmc": metrics.cmc.tolist(),
    }
    if result.pairs is not None:
        values |= verification_metrics(result.pairs)
    values["methods"] = [
        {"method": method.name, **method.metrics.means, "seconds": round(method.seconds, 3)}
        for method in result.methods
    ]
    if result.protocols:
        values["protocols"] = [_describe(other, result.data) for other in result.protocols]
    values["by_camera_pair"] = [
        asdict(pair)
        | {"query_camera": split.cameras[pair.query_camera], "gallery_camera": split.cameras[pair.gallery_camera]}
        for pair in result.camera_pairs
    ]
    values["by_person"] = [asdict(row) | {"person": split.persons[row.person]} for row in result.persons]
    values["per_query"] = {
        "img_path": [sample_name(sample, split.dataset) for sample in split.query],
        "person_id": [sample.person_id for sample in split.query],
        **{name: metrics.per_query[name].tolist() for name in ("rank1", "map", "minp")},
    }
    values["notes"] = list(result.notes)
    return to_json_value(values)


def _describe(metrics: RetrievalMetrics, data: str) -> dict[str, Any]:
    return {
        "protocol": metrics.protocol.name,
        "definition": metrics.protocol.definition,
        "fingerprint": metrics.fingerprint(data),
        **{name: metrics.means[name] for name in METRICS},
        "queries": metrics.queries,
        "queries_skipped": metrics.queries_skipped,
    }
