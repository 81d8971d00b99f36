"""The command `settings`."""

from pathlib import Path

import pytest

from learning_reid.cli import settings

PAGES = ("configuration", "training_settings", "store_settings")


def test_it_prints_the_page(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.run()
    pages = [(repository / f"docs/{name}.md").read_text(encoding="utf-8") for name in PAGES]
    assert capsys.readouterr().out == "".join(f"{page}\n" for page in pages)


def test_it_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "DOCS", tmp_path / "docs")
    settings.run(write=True)
    told = capsys.readouterr().out
    for name in PAGES:
        assert (tmp_path / "docs" / f"{name}.md").read_text(encoding="utf-8").startswith("# Settings")
        assert str(tmp_path / "docs" / f"{name}.md") in told
