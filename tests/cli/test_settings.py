"""The command `settings`."""

from pathlib import Path

import pytest

from src.cli import settings


def test_it_prints_the_page(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.run()
    pages = [
        (repository / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("configuration", "training_settings")
    ]
    assert capsys.readouterr().out == "".join(f"{page}\n" for page in pages)


def test_it_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "DOCS", tmp_path / "docs")
    settings.run(write=True)
    told = capsys.readouterr().out
    for name in ("configuration.md", "training_settings.md"):
        assert (tmp_path / "docs" / name).read_text(encoding="utf-8").startswith("# Settings")
        assert str(tmp_path / "docs" / name) in told
