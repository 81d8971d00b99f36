"""Check a dataset before it is used."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.cli import _options as options

if TYPE_CHECKING:
    from learning_reid.datasets.doctor import DatasetReport
    from learning_reid.datasets.findings import Finding

WIDTH = 110
MAX_CAMERAS = 12


def run(
    root: Annotated[Path, typer.Option(help="Dataset: a folder or a CSV file.")],
    dataset: Annotated[
        str | None, typer.Option(help="Layout; `data list` lists them.", show_default="recognized from the files")
    ] = None,
    json_file: options.Json = None,
) -> None:
    """Check a dataset: count people, cameras and images, and find what would spoil an evaluation.

    Nothing is changed. The exit status is 1 if there is an error, and 0 if there are at most warnings.
    """
    options.check_output_files(json_file)
    from learning_reid.datasets.doctor import check_dataset

    report = check_dataset(root, dataset)
    options.write_json_file(json_file, report.to_dict())
    print("\n".join([*_head(report), "", *_table(report), "", *_findings(report)]))
    if any(finding.severity == "error" for finding in report.findings):
        raise typer.Exit(1)


def _head(report: "DatasetReport") -> list[str]:
    how = "recognized" if report.is_recognized else "as named"
    how += f"; there is also: --dataset {', '.join(report.other_layouts)}" if report.other_layouts else ""
    cameras = [camera or "(not named)" for camera in report.cameras]
    shown = ", ".join(cameras[:MAX_CAMERAS]) + (", …" if len(cameras) > MAX_CAMERAS else "")
    return [f"{report.root}", f"layout   {report.dataset} ({how})", f"cameras  {shown or 'none'}"]


def _table(report: "DatasetReport") -> list[str]:
    lines = [("", "images", "identities", "cameras", "distractors")]
    lines += [
        (row.split, f"{row.images:,}", f"{row.identities:,}", f"{row.cameras:,}", f"{row.distractors:,}")
        for row in report.counts
    ]
    return [f"{first:<9}" + "".join(f"{cell:>12}" for cell in rest) for first, *rest in lines]


def _findings(report: "DatasetReport") -> list[str]:
    lines = [line for finding in report.findings for line in _lines(finding)]
    severities = [finding.severity for finding in report.findings]
    counts = [(severities.count("error"), "error"), (severities.count("warning"), "warning")]
    problems = [f"{count} {name}{'s' * (count > 1)}" for count, name in counts if count]
    return [*lines, f"{' and '.join(problems)}." if problems else "No problems found."]


def _lines(finding: "Finding") -> list[str]:
    count = f": {finding.count:,}" if finding.count else ""
    more = ", …" if finding.count > len(finding.examples) else ""
    examples = [f"such as {', '.join(finding.examples)}{more}"] if finding.examples else []
    parts = [f"{finding.what}{count}", *examples, f"-> {finding.advice}"]
    return [
        line
        for number, part in enumerate(parts)
        for line in textwrap.wrap(
            part,
            WIDTH,
            initial_indent=f"{finding.severity:<9}" if number == 0 else " " * 9,
            subsequent_indent=" " * (9 if number < 2 else 12),
            break_long_words=False,
        )
    ]
