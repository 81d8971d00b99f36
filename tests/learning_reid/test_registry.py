"""The lazy registry: names without imports, errors with the way out."""

import sys
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.registry import Registry


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[str]:
    (tmp_path / "shapes_for_test.py").write_text("def make(side=1):\n    return 'square' * side\n")
    (tmp_path / "needy_for_test.py").write_text("import package_nobody_has.inside\n")
    (tmp_path / "broken_for_test.py").write_text("import another_package_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    needy = {"needy": ("package_nobody_has", "fast"), "broken": ("package_nobody_has", "fast")}
    modules = {"square": "shapes_for_test:make", "needy": "needy_for_test:make", "broken": "broken_for_test:make"}
    return Registry("shape", modules, extras=needy)


def test_names_import_nothing_and_load_imports(registry: Registry[str]) -> None:
    sys.modules.pop("shapes_for_test", None)
    assert registry.names() == ["square", "needy", "broken"]
    assert "shapes_for_test" not in sys.modules
    assert registry.load("square")(side=2) == "squaresquare"


def test_unknown_name_answers_with_the_nearest(registry: Registry[str]) -> None:
    with pytest.raises(UserError, match=r"unknown shape 'sqare': did you mean 'square'\?"):
        registry.load("sqare")


def test_missing_package_names_the_command(registry: Registry[str]) -> None:
    with pytest.raises(UserError, match=r"'package_nobody_has', which is not installed; run: .*fast") as told:
        registry.load("needy")
    assert "\n" not in str(told.value)


def test_a_package_missing_for_another_reason_is_not_hidden(registry: Registry[str]) -> None:
    with pytest.raises(ModuleNotFoundError, match="another_package"):
        registry.load("broken")
