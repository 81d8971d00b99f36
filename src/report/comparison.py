"""Is this model better than an earlier one, or was it luck? The same queries, asked of both."""

import json
from pathlib import Path

import numpy as np

from src.metrics.confidence import PairedTest, paired_test
from src.reid_data.features import picture_name
from src.report.evaluation_result import EvaluationResult
from src.report.markdown import markdown_table
from src.settings.errors import UserError

_COMPARED = {"rank1": "rank-1", "map": "mAP", "minp": "mINP"}


def compare_with(earlier: Path, result: EvaluationResult) -> dict[str, PairedTest]:
    """This model minus an earlier one, tested by identity.

    Args:
        earlier: a JSON file that `evaluate --json` wrote.
        result: of the model now.

    Returns:
        For `rank1`, `map` and `minp`.

    Raises:
        UserError: the file is of another kind, or its figures are of other data or another protocol.
    """
    try:
        before = json.loads(earlier.read_text(encoding="utf-8"))
        then, ap, queries = before["fingerprint"], before["ap"], before["per_query"]
        row = {path: number for number, path in enumerate(queries["img_path"])}
        columns = {name: np.array(queries[name], np.float64) for name in _COMPARED}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UserError(f"{earlier} is not a JSON file of `evaluate --json` ({problem}); write one first") from None
    names = [picture_name(sample, result.contest.crops) for sample in result.contest.query]
    now = result.main.protocol.fingerprint(result.data)
    if (then, ap) != (now, result.ap) or set(names) != set(row):
        raise UserError(
            f"{earlier} cannot be compared: it is of fingerprint {then} ({ap}), this is {now} ({result.ap}); "
            "evaluate both models on the same data with the same --protocol and --ap"
        )
    rows, persons = [row[name] for name in names], result.contest.query_labels.person
    return {name: paired_test(result.main.per_query[name], columns[name][rows], persons) for name in _COMPARED}


def comparison_text(tests: dict[str, PairedTest], earlier: Path) -> str:
    """The tests as a table; differences in percent points."""
    rows = [
        [
            _COMPARED[name],
            f"{100 * test.difference:+.1f}",
            f"{100 * test.low:+.1f} to {100 * test.high:+.1f}",
            f"{test.p_value:.4f}",
        ]
        for name, test in tests.items()
    ]
    head = [f"against {earlier.name}", "difference", "95 % interval", "p"]
    persons = next(iter(tests.values())).persons
    note = f"Paired by query, tested by identity ({persons} persons): p is how often chance alone differs as much."
    return f"{markdown_table(head, rows)}\n\n{note}\n"
