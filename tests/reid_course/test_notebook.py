"""The set-up of a lesson: what is missing is installed, what Colab brings along is left alone."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from learning_reid.errors import UserError
from reid_course import notebook


@pytest.fixture
def project(tmp_path: Path) -> Path:
    lines = '"no-such-package>=1", "torch>=99", "numpy", "PyYAML>=6.0", "another.one[x]==2; python_version > \'3\'"'
    extra = '"no-such-extra>=3", "numpy"'
    (tmp_path / "pyproject.toml").write_text(
        f"[project]\ndependencies = [{lines}]\n[project.optional-dependencies]\nfast = [{extra}]\n"
    )
    return tmp_path


def test_only_what_is_missing_is_asked_for(project: Path) -> None:
    missing = notebook.missing_packages(project)
    assert missing == ["no-such-package>=1", "another.one[x]==2; python_version > '3'"]


def test_of_an_extra_too(project: Path) -> None:
    assert notebook.missing_packages(project, "fast") == ["no-such-extra>=3"]


def test_what_a_lesson_needs_is_installed_on_colab_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(notebook, "missing_packages", lambda extra: [f"{extra}-package>=1"])
    monkeypatch.setattr(notebook, "install", asked.append)
    with pytest.raises(UserError, match=r"'fast-package'.*pip install '\.\[fast\]'"):
        notebook.need("fast")
    assert not asked
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    notebook.need("fast")
    assert asked == [["fast-package>=1"]]


def test_nothing_is_missing_here() -> None:
    assert notebook.missing_packages() == []


def test_torch_numpy_and_pandas_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def pip(command: list[str], **_: object) -> SimpleNamespace:
        seen["command"] = command
        seen["kept"] = Path(command[command.index("--constraint") + 1]).read_text()
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(subprocess, "run", pip)
    notebook.install(["supervision>=0.26"])
    assert (
        seen["command"][:4] == [sys.executable, "-m", "pip", "install"] and seen["command"][-1] == "supervision>=0.26"
    )
    names = [line.split("==")[0] for line in seen["kept"].splitlines()]
    assert names == ["numpy", "pandas", "torch", "torchvision"]


def test_pips_own_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stderr="no network"))
    with pytest.raises(RuntimeError, match="no network"):
        notebook.install(["x"])


def test_nothing_to_install_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    notebook.install([])
