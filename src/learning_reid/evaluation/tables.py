"""Format results as Markdown tables, for the terminal and for files."""

from html import escape  # a Markdown page may contain HTML, and names come from files

from learning_reid.embedding.operating_point import OperatingPoint
from learning_reid.evaluation.result import EvaluationResult, verification_metrics
from learning_reid.io.markdown import markdown_table, percent, signed
from learning_reid.metrics.confidence import paired_test
from learning_reid.metrics.retrieval import METRICS, RANKS, RetrievalMetrics

_HEADS = (*(f"rank-{k}" for k in RANKS), "mAP", "mINP")
_MAX_PERSONS = 10
_MAX_CAMERAS = 12
_AP_DEFINITIONS = {
    "precisions": "AP is the mean of the precisions at the true matches",
    "interpolated": "AP is interpolated: the area under the precision-recall curve, drawn with straight lines",
}


def result_text(result: EvaluationResult, long: bool = False) -> str:
    """Format all tables, in percent, with protocol and fingerprint.

    Args:
        result: Result of an evaluation.
        long: Include the tables by camera pair and by person.
    """
    parts = [_head(result), _methods(result), _counts(result.metrics)]
    if result.protocols:
        parts.append(_protocols(result))
    if result.pairs is not None:
        parts.append(_verification(result))
    if result.open_set:
        parts.append(_open_set(result))
    if long and len(result.methods) > 1:
        parts.append(f"By camera pair and person, with {result.methods[-1].name}:")
    if long and len(result.camera_pairs) > 1:
        parts.append(_camera_pairs(result))
    if long and result.persons:
        parts.append(_persons(result))
    return "\n\n".join(parts) + "\n"


def calibration_text(point: OperatingPoint) -> str:
    """Format calibrated thresholds and their error rates on the measuring half, in percent."""
    rates = {
        "verification: same person?": (point.pair_threshold, point.pair_far_wanted, point.pair_far, point.pair_tar),
        "identification: who, if anybody?": (
            point.search_threshold,
            point.search_far_wanted,
            point.search_far,
            point.search_dir,
        ),
    }
    table = markdown_table(
        [f"{point.embedder}, {point.metric}", "threshold", "FAR requested", "FAR", "TAR or DIR"],
        [[name, f"{threshold:.4f}", *map(percent, shares)] for name, (threshold, *shares) in rates.items()],
    )
    chose, measured = point.persons
    return (
        f"{table}\n\n"
        "In percent. FAR: impostor pairs that are accepted, searches for an absent person that are not rejected. TAR: "
        "genuine pairs that are accepted. DIR: searches for a present person that find them.\n"
        f"Chosen on {chose} persons, measured on {measured} others, in a gallery of {point.gallery} images; a larger "
        "gallery causes more false alarms.\n"
        f"Pairs: equal error rate {percent(point.eer)}; {percent(point.fpr_at_95)} of the impostors are accepted where "
        "95 % of the genuine pairs are (FPR@95)."
    )


def _head(result: EvaluationResult) -> str:
    split, protocol = result.split, result.metrics.protocol
    cameras = ", ".join(escape(camera) or "(none)" for camera in split.cameras[:_MAX_CAMERAS])
    cameras += ", …" if len(split.cameras) > _MAX_CAMERAS else ""
    return "\n".join(
        [
            f"# {split.dataset.name}: {len(split.query)} query and {len(split.gallery)} gallery images; "
            f"persons: {len(split.persons)}, cameras: {cameras}",
            "",
            f"- {', '.join(result.model.values())}",
            f"- protocol `{protocol.name}`, fingerprint `{result.metrics.fingerprint(result.data)}`: "
            f"{protocol.definition}",
            f"- in percent; {_AP_DEFINITIONS[result.metrics.ap]}",
        ]
    )


def _methods(result: EvaluationResult) -> str:
    plain, persons = result.methods[0].metrics, result.split.query_labels.person
    several = len(result.methods) > 1
    rows = []
    for index, method in enumerate(result.methods):
        more = ["", "", f"{method.seconds:.1f}"]
        if index:
            test = paired_test(method.metrics.per_query["map"], plain.per_query["map"], persons)
            more[:2] = [signed(test.difference), f"{test.p_value:.4f}"]
        rows.append([method.name, *_cells(method.metrics), *(more if several else [])])
    ends = [f"{percent(low)}–{percent(high)}" for low, high in (result.intervals[name] for name in METRICS)]
    of = f" of {result.methods[-1].name}" if several else ""
    rows.append([f"95 % interval{of}", *ends, *(["", "", ""] if several else [])])
    return markdown_table(["", *_HEADS, *(["mAP gain", "p", "seconds"] if several else [])], rows)


def _counts(metrics: RetrievalMetrics) -> str:
    skipped = metrics.queries_skipped
    return (
        f"{metrics.queries} queries"
        + (f"; {skipped} skipped, without a true match under this protocol" if skipped else "")
        + "."
    )


def _protocols(result: EvaluationResult) -> str:
    rows = [
        [metrics.protocol.name, *_cells(metrics), str(metrics.queries), metrics.fingerprint(result.data)]
        for metrics in result.protocols
    ]
    table = markdown_table(["the same embeddings", *_HEADS, "queries", "fingerprint"], rows)
    definitions = [f"- `{metrics.protocol.name}`: {metrics.protocol.definition}" for metrics in result.protocols]
    return "\n".join([table, "", *definitions])


def _verification(result: EvaluationResult) -> str:
    assert result.pairs is not None
    values = verification_metrics(result.pairs)
    fars = values["tar_at_far"]
    same_camera = result.metrics.protocol.competing == "own camera"
    table = markdown_table(
        ["verification", "EER", "threshold", *(f"TAR@FAR {far}" for far in fars), "FPR@95"],
        [
            [
                "pairs of one camera" if same_camera else "pairs across cameras",
                percent(values["eer"]),
                f"{values['eer_threshold']:.4f}",
                *map(percent, fars.values()),
                percent(values["fpr_at_95"]),
            ]
        ],
    )
    share = result.pairs.sampled
    sampled = f" (a seeded {100 * share:.2g} % of them)" if share < 1 else ""
    pairs = f"{values['genuine_pairs']:,} genuine and {values['impostor_pairs']:,} impostor pairs{sampled}"
    return f"{table}\n\n{pairs}; plain distances."


def _open_set(result: EvaluationResult) -> str:
    heads = [f"DIR@FAR {far}" for far in result.open_set]
    table = markdown_table(["open set", *heads], [["searches", *map(percent, result.open_set.values())]])
    return (
        f"{table}\n\nEach query is searched with and without its person in the gallery (plain distances):\n"
        "DIR is the share found, FAR the share of absent people who are matched to another person."
    )


def _camera_pairs(result: EvaluationResult) -> str:
    names = result.split.cameras
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
    return markdown_table(["query camera", "gallery camera", "queries", "rank-1", "mAP"], rows)


def _persons(result: EvaluationResult) -> str:
    rows = [
        [escape(result.split.persons[row.person]), str(row.queries), percent(row.rank1), percent(row.map)]
        for row in result.persons[:_MAX_PERSONS]
    ]
    return markdown_table(["hardest persons", "queries", "rank-1", "mAP"], rows)


def _cells(metrics: RetrievalMetrics) -> list[str]:
    return [percent(metrics.means[name]) for name in METRICS]
