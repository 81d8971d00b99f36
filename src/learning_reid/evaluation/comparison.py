"""Compare a model with an earlier one on the same queries."""

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
    """Test the difference between this model and an earlier one.

    Args:
        earlier: A JSON file written by `evaluate --json`.
        result: Result of this model.

    Returns:
        Tests of `rank1`, `map` and `minp`, this model minus the earlier one.

    Raises:
        UserError: The file has other contents, belongs to other data or another protocol, or has no counted query.
    """
    before = read_evaluation(earlier)
    names = [sample_name(sample, result.split.dataset) for sample in result.split.query]
    fingerprint = result.metrics.fingerprint(result.data)
    if before.fingerprint != fingerprint or set(names) != set(before.rows):
        raise UserError(
            f"{earlier} cannot be compared: its fingerprint is {before.fingerprint}, not {fingerprint}; evaluate "
            "both models on the same data with the same --protocol, --query-camera and --ap"
        )
    rows, persons = [before.rows[name] for name in names], result.split.query_labels.person
    try:
        return {
            name: paired_test(result.metrics.per_query[name], before.values[name][rows], persons) for name in _COMPARED
        }
    except ValueError as error:
        raise UserError(f"{earlier} cannot be compared: {error}; evaluate the other model again") from None


@dataclass(frozen=True)
class EarlierEvaluation:
    """What a comparison needs of an earlier evaluation."""

    fingerprint: str  #: Of protocol, kind of AP and data
    method: str  #: Name of the ranking method
    rows: dict[str, int]  #: Row of each query image in `values`, by its path
    values: dict[str, np.ndarray]  #: (q,) values per query of each compared metric


def read_evaluation(file: Path) -> EarlierEvaluation:
    """Read a JSON file written by `evaluate --json`.

    Raises:
        UserError: The file is missing or has other contents.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        queries = content["per_query"]
        rows = {path: row for row, path in enumerate(queries["img_path"])}
        values = {name: np.array(queries[name], np.float64) for name in _COMPARED}
        if any(column.shape != (len(rows),) for column in values.values()):
            raise ValueError("numbers of values and images differ")
        return EarlierEvaluation(str(content["fingerprint"]), str(content["method"]), rows, values)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "the values to compare are missing"
        raise UserError(f"{file} is not a JSON file of `evaluate --json` ({reason}); write one first") from None


def comparison_text(tests: dict[str, PairedTest], earlier: Path) -> str:
    """Format the tests as a table, with differences in percentage points."""
    rows = [
        [_COMPARED[name], signed(test.difference), f"{signed(test.low)} to {signed(test.high)}", f"{test.p_value:.4f}"]
        for name, test in tests.items()
    ]
    head = [f"against {earlier.name}", "difference", "95 % interval", "p"]
    persons = next(iter(tests.values())).persons
    note = (
        f"Paired by query, tested over {persons} persons: p is the probability of a difference at least as large by "
        "chance."
    )
    return f"{markdown_table(head, rows)}\n\n{note}\n"
