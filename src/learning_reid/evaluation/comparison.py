"""Is this model better than an earlier one, or was it luck? The same queries, asked of both."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.datasets.embeddings import sample_name
from learning_reid.errors import UserError
from learning_reid.evaluation.result import EvaluationResult
from learning_reid.io.markdown import markdown_table, signed
from learning_reid.metrics.confidence import PairedTest, paired_test

_COMPARED = {"rank1": "rank-1", "map": "mAP", "minp": "mINP"}


def compare_results(earlier: Path, result: EvaluationResult) -> dict[str, PairedTest]:
    """This model minus an earlier one, tested by identity.

    Args:
        earlier: a JSON file that `evaluate --json` wrote.
        result: of the model now.

    Returns:
        For `rank1`, `map` and `minp`.

    Raises:
        UserError: the file is of another kind, its figures are of other data or another protocol, or nothing in it
            can be compared.
    """
    before = read_evaluation(earlier)
    names = [sample_name(sample, result.contest.dataset) for sample in result.contest.query]
    now = result.main.fingerprint(result.data)
    if before.fingerprint != now or set(names) != set(before.row):
        raise UserError(
            f"{earlier} cannot be compared: it is of fingerprint {before.fingerprint}, this is {now}; evaluate both "
            "models on the same data with the same --protocol, --query-camera and --ap"
        )
    rows, persons = [before.row[name] for name in names], result.contest.query_labels.person
    try:
        return {
            name: paired_test(result.main.per_query[name], before.columns[name][rows], persons) for name in _COMPARED
        }
    except ValueError as problem:
        raise UserError(f"{earlier} cannot be compared: {problem}; evaluate the other model again") from None


@dataclass(frozen=True)
class Earlier:
    """What a comparison needs of an earlier evaluation: its fingerprint, method, and per-query figures by picture."""

    fingerprint: str
    method: str
    row: dict[str, int]
    columns: dict[str, np.ndarray]


def read_evaluation(file: Path) -> Earlier:
    """Read a JSON file that `evaluate --json` wrote.

    Raises:
        UserError: it is not there, or of another kind.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        queries = values["per_query"]
        row = {path: number for number, path in enumerate(queries["img_path"])}
        columns = {name: np.array(queries[name], np.float64) for name in _COMPARED}
        if any(column.shape != (len(row),) for column in columns.values()):
            raise ValueError("figures and pictures differ in number")
        return Earlier(str(values["fingerprint"]), str(values["method"]), row, columns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        reason = getattr(problem, "strerror", None) or "it lacks what is compared"
        raise UserError(f"{file} is not a JSON file of `evaluate --json` ({reason}); write one first") from None


def comparison_text(tests: dict[str, PairedTest], earlier: Path) -> str:
    """The tests as a table; differences in percent points."""
    rows = [
        [
            _COMPARED[name],
            signed(test.difference),
            f"{signed(test.low)} to {signed(test.high)}",
            f"{test.p_value:.4f}",
        ]
        for name, test in tests.items()
    ]
    head = [f"against {earlier.name}", "difference", "95 % interval", "p"]
    persons = next(iter(tests.values())).persons
    note = f"Paired by query, tested by identity ({persons} persons): p is how often chance alone differs as much."
    return f"{markdown_table(head, rows)}\n\n{note}\n"
