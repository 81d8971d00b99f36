"""Look for what is wrong with a data set before any figure is computed from it."""

import json
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from learning_reid.datasets.doctor import Report, Row, examine
from learning_reid.datasets.findings import SEVERITIES, Finding
from learning_reid.errors import UserError

WIDTH = 110
CAMERAS_SHOWN = 12


def run(
    root: Annotated[Path, typer.Option(help="The data set: its folder, or a CSV file.")],
    dataset: Annotated[
        str | None, typer.Option(help="Its layout, as `data list` names it.", show_default="recognised")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the report to this file.")] = None,
) -> None:
    """Count people, cameras and pictures, and find what would spoil an evaluation.

    Nothing is changed. The exit status is 1 where an error was found, 0 where there is at most a warning; --json has
    the report for programs.
    """
    report = examine(root, dataset)
    if json_file is not None:
        _write(report, json_file)
    print("\n".join([*_head(report), "", *_table(report), "", *_findings(report)]))
    if any(finding.severity == "error" for finding in report.findings):
        raise typer.Exit(1)


def _head(report: Report) -> list[str]:
    how = "recognised" if report.guessed else "as named"
    how += f"; there is also: --dataset {', '.join(report.others)}" if report.others else ""
    cameras = [camera or "(not named)" for camera in report.cameras]
    shown = ", ".join(cameras[:CAMERAS_SHOWN]) + (", …" if len(cameras) > CAMERAS_SHOWN else "")
    return [f"{report.root}", f"layout   {report.dataset} ({how})", f"cameras  {shown or 'none'}"]


def _table(report: Report) -> list[str]:
    lines = [("", "pictures", "identities", "cameras", "strangers")]
    lines += [_cells(row) for row in report.rows]
    return [f"{first:<9}" + "".join(f"{cell:>12}" for cell in rest) for first, *rest in lines]


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    return (row.split, f"{row.pictures:,}", f"{row.identities:,}", f"{row.cameras:,}", f"{row.strangers:,}")


def _findings(report: Report) -> list[str]:
    counts = {name: sum(finding.severity == name for finding in report.findings) for name in SEVERITIES}
    lines = [line for finding in report.findings for line in _lines(finding)]
    if not counts["error"] and not counts["warning"]:
        return [*lines, "Nothing is wrong with it."]
    told = " and ".join(f"{counts[name]} {name}{'s' * (counts[name] > 1)}" for name in SEVERITIES[:2] if counts[name])
    return [*lines, f"{told}."]


def _lines(finding: Finding) -> list[str]:
    count = f": {finding.count:,}" if finding.count else ""
    more = ", …" if finding.count > len(finding.examples) else ""
    examples = [f"such as {', '.join(finding.examples)}{more}"] if finding.examples else []
    body = [f"{finding.what}{count}", *examples, f"-> {finding.advice}"]
    return [
        line
        for number, part in enumerate(body)
        for line in textwrap.wrap(
            part,
            WIDTH,
            initial_indent=f"{finding.severity:<9}" if number == 0 else " " * 9,
            subsequent_indent=" " * (9 if number < 2 else 12),
            break_long_words=False,
        )
    ]


def _write(report: Report, file: Path) -> None:
    try:
        file.write_text(json.dumps(report.to_dict(), indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        raise UserError(f"{file} cannot be written ({problem.strerror}); name another file") from None
