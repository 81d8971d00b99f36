"""The lazy exports of the package, and what commands import."""

import importlib
import subprocess
import sys

import pytest

import learning_reid.tracking
import reid_store


@pytest.mark.parametrize("package", [reid_store, learning_reid.tracking])
def test_every_export_exists_and_is_documented(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name).__doc__, name


def test_modules_of_quick_commands_do_not_import_torch() -> None:
    modules = ("database", "search", "timeline_data", "identities", "cli.search", "cli.timeline", "cli.identities")
    imports = ", ".join(f"reid_store.{module}" for module in modules)
    code = f"import sys, {imports}; print({{'torch', 'supervision', 'matplotlib'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_no_export_has_the_name_of_a_module() -> None:
    for package in (reid_store, learning_reid.tracking):
        for name in package.__all__:
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module(f"{package.__name__}.{name}")
