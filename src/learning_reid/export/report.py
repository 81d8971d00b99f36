"""What an export did, in words."""

from learning_reid.export.exporter import Report
from learning_reid.io.markdown import percent, signed


def report_text(report: Report) -> str:
    """The files with their sizes, and what the verification found."""
    lines = [f"{file!s:<40} {file.stat().st_size / 1e6:8.2f} MB" for file in report.files]
    for parity in report.parities:
        differences = ", ".join(f"{size}: {value:.1e}" for size, value in parity.difference.items())
        lines.append(f"{parity.kind:<7} largest difference by batch  {differences};  lowest cosine {parity.cosine:.5f}")
    if (found := report.accuracy) is not None:
        change = f"{percent(found.before)} -> {percent(found.after)} ({signed(found.after - found.before)} points"
        lines.append(f"mAP     {change}, {found.queries} queries)")
    return "\n".join(lines)
