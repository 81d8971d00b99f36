"""Configuration files that come with the project are found by name."""

from pathlib import Path

import pytest

from learning_reid.io import paths


@pytest.mark.parametrize("name", ["demo", "demo.yml", "confs/demo.yml"])
def test_a_packaged_configuration_is_found_from_any_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.find_config(Path(name)) == paths.configs() / "demo.yml"


def test_an_own_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    assert paths.find_config(Path("demo")) == paths.configs() / "demo.yml", "a folder is not a configuration"
    (tmp_path / "demo.yml").write_text("")
    assert paths.find_config(Path("demo.yml")) == Path("demo.yml")


@pytest.mark.parametrize("name", ["elsewhere/demo.yml", "/nowhere/demo.yml", "none.yml"])
def test_a_missing_file_elsewhere_is_not_replaced(name: str) -> None:
    assert paths.find_config(Path(name)) == Path(name)


def test_an_installed_package_has_its_own_configurations_and_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "site-packages" / "learning_reid")
    monkeypatch.delenv("LEARNING_REID_HOME", raising=False)
    assert paths.find_checkout() is None
    assert paths.configs() == tmp_path / "site-packages/learning_reid/confs"
    assert paths.home() == Path.home() / ".cache/learning-reid"
    monkeypatch.setenv("LEARNING_REID_HOME", str(tmp_path))
    assert paths.home() == tmp_path.resolve()
