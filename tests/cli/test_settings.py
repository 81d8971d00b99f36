"""The command `settings`."""

from pathlib import Path

import pytest

from src.cli import settings


def test_it_prints_the_page(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.run()
    assert capsys.readouterr().out == (repository / "docs/configuration.md").read_text(encoding="utf-8")


def test_it_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "PAGE", tmp_path / "docs/page.md")
    settings.run(write=True)
    assert (tmp_path / "docs/page.md").read_text(encoding="utf-8").startswith("# Settings")
    assert str(tmp_path / "docs/page.md") in capsys.readouterr().out
