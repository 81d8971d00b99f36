"""`settings` prints the documentation pages, or writes them."""

from pathlib import Path

import pytest

from learning_reid.io import paths
from tests.learning_reid.cli.run_cli import run_command

PAGES = ("configuration", "training_settings", "store_settings")


def test_it_prints_the_pages(repository: Path) -> None:
    pages = [(repository / f"docs/{name}.md").read_text(encoding="utf-8") for name in sorted(PAGES)]
    printed = run_command("settings")
    assert all(page in printed for page in pages) and len(printed) == sum(len(page) + 1 for page in pages)


def test_it_writes_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "docs_folder", lambda: tmp_path)
    printed = run_command("settings", "--write")
    for name in PAGES:
        file = tmp_path / f"{name}.md"
        assert file.read_text(encoding="utf-8").startswith("# Settings") and str(file) in printed
