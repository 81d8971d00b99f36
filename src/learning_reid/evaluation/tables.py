"""The result of an evaluation as tables: printed in the terminal, and kept as a Markdown file."""

from html import escape  # a Markdown page may hold HTML, and a name is whatever somebody wrote

from learning_reid.evaluation.result import FIGURES, EvaluationResult, verification_metrics
from learning_reid.io.markdown import markdown_table, percent, signed
from learning_reid.metrics.confidence import paired_test
from learning_reid.metrics.retrieval import RANKS, RetrievalMetrics

_HEADS = (*(f"rank-{k}" for k in RANKS), "mAP", "mINP")
_PERSONS_SHOWN = 10
_AP_MEANS = {
    "precisions": "AP is the mean of the precisions at the true matches",
    "interpolated": "AP is interpolated: the area under the precision-recall curve, drawn with straight lines",
}


def result_text(result: EvaluationResult, whole: bool = False) -> str:
    """All tables, in percent, with protocol and fingerprint.

    Args:
        result: what was found.
        whole: also the tables by camera pair and by person, which are long.
    """
    parts = [_head(result), _methods(result), _counts(result.main)]
    if result.protocols:
        parts.append(_protocols(result))
    if result.pairs is not None:
        parts.append(_verification(result))
    if result.open_set:
        parts.append(_open_set(result))
    if whole and len(result.methods) > 1:
        parts.append(f"By cameras and persons, with {result.methods[-1].name}:")
    if whole and len(result.camera_pairs) > 1:
        parts.append(_camera_pairs(result))
    if whole and result.persons:
        parts.append(_persons(result))
    return "\n\n".join(parts) + "\n"


def _head(result: EvaluationResult) -> str:
    contest, protocol, model = result.contest, result.main.protocol, result.model
    mark = result.main.fingerprint(result.data)
    cameras = ", ".join(escape(camera) or "(none)" for camera in contest.cameras[:12]) + (
        ", …" if len(contest.cameras) > 12 else ""
    )
    return "\n".join(
        [
            f"# {contest.dataset.name}: {len(contest.query)} pictures ask, {len(contest.gallery)} answer; "
            f"persons: {len(contest.persons)}, cameras: {cameras}",
            "",
            f"- {', '.join(model.values())}",
            f"- protocol `{protocol.name}`, fingerprint `{mark}`: {protocol.definition}",
            f"- in percent; {_AP_MEANS[result.main.ap]}",
        ]
    )


def _methods(result: EvaluationResult) -> str:
    plain, persons = result.methods[0].retrieval, result.contest.query_labels.person
    several = len(result.methods) > 1
    rows = []
    for place, method in enumerate(result.methods):
        more = ["", "", f"{method.seconds:.1f}"]
        if place:
            test = paired_test(method.retrieval.per_query["map"], plain.per_query["map"], persons)
            more[:2] = [signed(test.difference), f"{test.p_value:.4f}"]
        rows.append([method.name, *_row(method.retrieval), *(more if several else [])])
    ends = [f"{percent(low)}–{percent(high)}" for low, high in (result.intervals[name] for name in FIGURES)]
    of = f" of {result.methods[-1].name}" if several else ""
    rows.append([f"95 % interval{of}", *ends, *(["", "", ""] if several else [])])
    return markdown_table(["", *_HEADS, *(["mAP gain", "p", "seconds"] if several else [])], rows)


def _counts(retrieval: RetrievalMetrics) -> str:
    skipped = retrieval.queries_skipped
    left = f"; {skipped} left out, their person cannot be found under this protocol" if skipped else ""
    return f"{retrieval.queries} queries counted{left}."


def _protocols(result: EvaluationResult) -> str:
    rows = [
        [retrieval.protocol.name, *_row(retrieval), str(retrieval.queries), retrieval.fingerprint(result.data)]
        for retrieval in result.protocols
    ]
    table = markdown_table(["the same features", *_HEADS, "queries", "fingerprint"], rows)
    meanings = [f"- `{r.protocol.name}`: {r.protocol.definition}" for r in result.protocols]
    return "\n".join([table, "", *meanings])


def _verification(result: EvaluationResult) -> str:
    assert result.pairs is not None
    figures = verification_metrics(result.pairs)
    fars = figures["tar_at_far"]
    table = markdown_table(
        ["same or different?", "EER", "at distance", *(f"TAR@FAR {far}" for far in fars), "FPR@95"],
        [
            [
                "pairs across cameras" if result.main.protocol.competing != "own camera" else "pairs of one camera",
                percent(figures["eer"]),
                f"{figures['eer_threshold']:.4f}",
                *(percent(tar) for tar in fars.values()),
                percent(figures["fpr_at_95"]),
            ]
        ],
    )
    share = result.pairs.sampled
    sampled = f" (a seeded {100 * share:.2g} % of them)" if share < 1 else ""
    told = f"{figures['genuine_pairs']:,} genuine and {figures['impostor_pairs']:,} impostor pairs{sampled}"
    return f"{table}\n\n{told}; plain distances."


def _open_set(result: EvaluationResult) -> str:
    heads = [f"DIR@FAR {far}" for far in result.open_set]
    table = markdown_table(["who is it, or nobody?", *heads], [["searches", *map(percent, result.open_set.values())]])
    return (
        f"{table}\n\nEach query asks once with and once without its person in the gallery (plain distances):\n"
        "DIR is the share found, FAR the share of the absent who are mistaken for somebody."
    )


def _camera_pairs(result: EvaluationResult) -> str:
    names = result.contest.cameras
    rows = [
        [
            names[pair.query_camera],
            names[pair.gallery_camera],
            str(pair.queries),
            percent(pair.rank1),
            percent(pair.map),
        ]
        for pair in result.camera_pairs
    ]
    return markdown_table(["asking camera", "answering camera", "queries", "rank-1", "mAP"], rows)


def _persons(result: EvaluationResult) -> str:
    rows = [
        [escape(result.contest.persons[one.person]), str(one.queries), percent(one.rank1), percent(one.map)]
        for one in result.persons[:_PERSONS_SHOWN]
    ]
    return markdown_table(["the hardest persons", "queries", "rank-1", "mAP"], rows)


def _row(retrieval: RetrievalMetrics) -> list[str]:
    figures = retrieval.means
    return [percent(figures[name]) for name in FIGURES]
