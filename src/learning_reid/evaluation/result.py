"""Everything that one evaluation found out: what the table, the JSON file and the pictures are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from learning_reid.datasets.embeddings import sample_name
from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from learning_reid.datasets.retrieval_task import RetrievalTask
from learning_reid.io.output_folder import to_json_value
from learning_reid.metrics.breakdown import CameraPairMetrics, PersonMetrics
from learning_reid.metrics.retrieval import RANKS, RetrievalMetrics
from learning_reid.metrics.verification import FARS, PairDistances, eer, far_at_tar, tar_at_far
from learning_reid.retrieval.distances import DistanceRows

FIGURES = (*(f"rank{k}" for k in RANKS), "map", "minp")


@dataclass(frozen=True, eq=False)
class Method:
    """One way to rank the same features: plain, or with query expansion or re-ranking after it."""

    name: str
    retrieval: RetrievalMetrics
    seconds: float


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """The answer to "how good is this network on these people?".

    Attributes:
        task: who asked and who answered, and with which features.
        model: embedder, weights, backend, metric: what the features came from.
        data: fingerprint of the pictures and labels.
        methods: plain first; the last is what the figures at the top are of.
        distance_rows: the distances of the last method.
        protocols: where several were asked for: each on the plain features.
        intervals: 95 % by identity, for each figure of the last method.
        pairs: for verification, where it was asked for; of the plain distances.
        open_set: DIR by rate of false alarms, as text ("0.1"); of the plain distances.
        camera_pairs: figures by pair of cameras, of the last method.
        persons: figures by person, the hardest first, of the last method.
        notes: what the reader should know.
    """

    task: RetrievalTask
    model: Mapping[str, str]
    data: str
    methods: Sequence[Method]
    distance_rows: DistanceRows
    protocols: Sequence[RetrievalMetrics]
    intervals: Mapping[str, tuple[float, float]]
    pairs: PairDistances | None
    open_set: Mapping[str, float]
    camera_pairs: Sequence[CameraPairMetrics]
    persons: Sequence[PersonMetrics]
    notes: Sequence[str]

    @property
    def contest(self) -> QueryGallerySplit:
        """Who asked and who answered."""
        return self.task.split

    @property
    def main(self) -> RetrievalMetrics:
        """What the figures at the top are of."""
        return self.methods[-1].retrieval


def verification_metrics(pairs: PairDistances) -> dict[str, Any]:
    """EER with its threshold, TAR at each FAR, FPR at 95 % TAR, and how many pairs there were."""
    eer, threshold = eer(pairs.genuine, pairs.impostor)
    return {
        "eer": eer,
        "eer_threshold": threshold,
        "tar_at_far": {f"{far:g}": tar_at_far(pairs.genuine, pairs.impostor, far) for far in FARS},
        "fpr_at_95": far_at_tar(pairs.genuine, pairs.impostor),
        "genuine_pairs": len(pairs.genuine),
        "impostor_pairs": len(pairs.impostor),
        "impostors_sampled": pairs.sampled,
    }


def result_to_json(result: EvaluationResult) -> dict[str, Any]:
    """The whole result as plain values; a figure that could not be computed is null."""
    contest, main = result.contest, result.main
    values: dict[str, Any] = {
        "dataset": contest.dataset.name,
        **result.model,
        **_figures(main, result.data),
        "ap": main.ap,
        "method": result.methods[-1].name,
        "gallery": main.gallery,
        "persons": len(contest.persons),
        "cameras": list(contest.cameras),
        "intervals_95": {name: list(ends) for name, ends in result.intervals.items()},
        "dir_at_far": dict(result.open_set),
        "cmc": main.cmc.tolist(),
    }
    if result.pairs is not None:
        values |= verification_metrics(result.pairs)
    values["methods"] = [
        {"method": method.name, **_means(method.retrieval), "seconds": round(method.seconds, 3)}
        for method in result.methods
    ]
    if result.protocols:
        values["protocols"] = [_figures(retrieval, result.data) for retrieval in result.protocols]
    values["by_camera_pair"] = [
        asdict(pair)
        | {
            "query_camera": contest.cameras[pair.query_camera],
            "gallery_camera": contest.cameras[pair.gallery_camera],
        }
        for pair in result.camera_pairs
    ]
    values["by_person"] = [asdict(one) | {"person": contest.persons[one.person]} for one in result.persons]
    values["per_query"] = {
        "img_path": [sample_name(sample, contest.dataset) for sample in contest.query],
        "person_id": [sample.person_id for sample in contest.query],
        **{name: main.per_query[name].tolist() for name in ("rank1", "map", "minp")},
    }
    values["notes"] = list(result.notes)
    return to_json_value(values)


def _figures(retrieval: RetrievalMetrics, data: str) -> dict[str, Any]:
    return {
        "protocol": retrieval.protocol.name,
        "definition": retrieval.protocol.definition,
        "fingerprint": retrieval.fingerprint(data),
        **_means(retrieval),
        "queries": retrieval.queries,
        "queries_skipped": retrieval.queries_skipped,
    }


def _means(retrieval: RetrievalMetrics) -> dict[str, float]:
    figures = retrieval.means
    return {name: figures[name] for name in FIGURES}
