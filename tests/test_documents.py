"""README, docs and contributor files: links lead somewhere, code runs, lengths are kept."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
TOUR = ROOT / "docs" / "code-tour.md"
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s#]+)(#[^)\s]+)?\)")


def documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).is_file()]


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes of the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def test_links_between_documents_and_files_lead_somewhere() -> None:
    problems = []
    for document in documents():
        for target, anchor in LINK.findall(document.read_text(encoding="utf-8")):
            place = (document.parent / target).resolve()
            if not place.exists():
                problems.append(f"{document.relative_to(ROOT)}: {target}")
            elif anchor and place.suffix == ".md" and anchor[1:] not in anchors(place):
                problems.append(f"{document.relative_to(ROOT)}: {target}{anchor}")
    assert not problems, "\n".join(problems)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.slow
def test_the_python_code_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    assert re.fullmatch(r"rank-1 0\.\d{3}, mAP 0\.\d{3}\n", capsys.readouterr().out)


def test_the_code_tour_names_twelve_files_of_at_most_2000_lines() -> None:
    text = TOUR.read_text(encoding="utf-8")
    stops = re.findall(r"^## \d+\. \[`(src/[\w/.]+)`\]\(\.\./(src/[\w/.]+)\)$", text, re.MULTILINE)
    assert len(stops) == 12 and all(shown == target for shown, target in stops)
    lengths = [len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name, _ in stops]
    assert sum(lengths) <= 2000


def test_citation_and_workflows_are_valid_yaml() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    version = re.search(r'^__version__ = "(.+)"$', (ROOT / "src/learning_reid/__init__.py").read_text(), re.MULTILINE)
    assert version and citation["version"] == version[1]
    assert f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for workflow in (ROOT / ".github/workflows").glob("*.yml"):
        assert yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"], workflow.name
