"""Set-up of a notebook: missing packages are installed on Colab, and Colab's own packages keep their versions."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from learning_reid.errors import UserError
from reid_course import notebook


@pytest.fixture
def requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the requirements of the distribution by invented ones."""
    lines = ["no-such-package>=1", "torch>=99", "numpy", "PyYAML>=6.0", 'another.one[x]==2; python_version > "3"']
    lines += ['for-windows; sys_platform == "win32"', 'no-such-extra>=3; extra == "fast"', 'numpy; extra == "fast"']
    monkeypatch.setattr(metadata, "requires", lambda name: lines)


def test_only_missing_packages_are_required(requirements: None) -> None:
    assert notebook.missing_packages() == ["no-such-package>=1", "another.one[x]==2"]


def test_packages_of_an_extra(requirements: None) -> None:
    assert notebook.missing_packages("fast") == ["no-such-extra>=3"]
    assert notebook.missing_packages("lab") == []


def test_need_installs_on_colab_only(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[list[str]] = []
    monkeypatch.setattr(notebook, "missing_packages", lambda extra: [f"{extra}-package>=1"])
    monkeypatch.setattr(notebook, "install", installed.append)
    with pytest.raises(UserError, match="needs the package 'fast-package', which is not installed; run: .*fast"):
        notebook.need("fast")
    assert not installed
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    notebook.need("fast")
    assert installed == [["fast-package>=1"]]


def test_nothing_is_missing_in_this_environment() -> None:
    assert notebook.missing_packages() == []


def test_torch_numpy_and_pandas_keep_their_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def pip(command: list[str], **_: object) -> SimpleNamespace:
        seen["command"] = command
        seen["constraints"] = Path(command[command.index("--constraint") + 1]).read_text()
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(subprocess, "run", pip)
    notebook.install(["supervision>=0.26"])
    assert seen["command"][:4] == [sys.executable, "-m", "pip", "install"]
    assert seen["command"][-1] == "supervision>=0.26"
    names = [line.split("==")[0] for line in seen["constraints"].splitlines()]
    assert names == ["numpy", "pandas", "torch", "torchvision"]


def test_the_message_of_pip_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1, stderr="no network"))
    with pytest.raises(RuntimeError, match="no network"):
        notebook.install(["x"])


def test_pip_is_not_called_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    notebook.install([])


def test_course_files_are_in_the_checkout_or_in_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("docs/synthetic.md", "notebooks/data/similarity_table.csv", "confs/face.yml", "weights/reid.yml"):
        assert notebook.course_file(name).is_file()
    monkeypatch.setattr(notebook, "ROOT", tmp_path)
    monkeypatch.setattr(notebook, "_PACKAGED", tmp_path / "project")
    with pytest.raises(UserError, match="docs/synthetic.md is not part of the installed package"):
        notebook.course_file("docs/synthetic.md")
    (tmp_path / "project" / "docs").mkdir(parents=True)
    (tmp_path / "project" / "docs" / "synthetic.md").touch()
    assert notebook.course_file("docs/synthetic.md").is_file()
