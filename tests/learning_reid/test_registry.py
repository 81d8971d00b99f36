"""Names are listed without importing the files that register them; errors say what to do."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.registry import EXTRAS, Registry

REGISTRY = """
from learning_reid.registry import Registry
SHAPES = Registry("shape", "shapes_for_test", "register_shape")
register_shape = SHAPES.register
"""
SQUARE = """
from shapes_for_test.registry import register_shape
@register_shape("square", "box", about="Four equal sides.")
def create_square(side=1): return "square" * side
"""
NEEDS_PACKAGE = """
import {package}.inside
from shapes_for_test.registry import register_shape
@register_shape("{name}")
class Shape: pass
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[Callable[..., str]]]:
    package = tmp_path / "shapes_for_test"
    package.mkdir()
    files = {
        "__init__": "",
        "registry": REGISTRY,
        "square": SQUARE,
        "needy": NEEDS_PACKAGE.format(name="needy", package="optional_package_for_test"),
        "broken": NEEDS_PACKAGE.format(name="broken", package="unknown_package_for_test"),
    }
    for name, text in files.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(EXTRAS, "optional_package_for_test", "fast")
    shapes = importlib.import_module("shapes_for_test.registry").SHAPES

    yield shapes
    for name in [name for name in sys.modules if name.startswith("shapes_for_test")]:
        del sys.modules[name]


def test_names_are_listed_without_an_import(registry: Registry[Callable[..., str]]) -> None:
    assert registry.names() == ["broken", "needy", "square", "box"]
    assert registry.describe()["box"] == "Four equal sides."
    assert "shapes_for_test.square" not in sys.modules
    assert registry.load("box") is registry.load("square")
    assert registry.load("square")(side=2) == "squaresquare"


def test_an_implementation_of_another_package_is_listed_too(registry: Registry[Callable[..., str]]) -> None:
    registry.register("circle", about="Round.")(lambda: "circle")
    assert registry.names()[-1] == "circle" and registry.load("circle")() == "circle"


def test_an_unknown_name_suggests_a_similar_one(registry: Registry[Callable[..., str]]) -> None:
    with pytest.raises(UserError, match=r"unknown shape 'sqare': did you mean 'square'\?"):
        registry.load("sqare")


def test_a_missing_optional_package_gives_the_command_that_installs_it(registry: Registry[Callable[..., str]]) -> None:
    with pytest.raises(UserError, match=r"'optional_package_for_test', which is not installed; run: .*fast") as error:
        registry.load("needy")
    assert "\n" not in str(error.value)


def test_another_missing_package_is_not_hidden(registry: Registry[Callable[..., str]]) -> None:
    with pytest.raises(ModuleNotFoundError, match="unknown_package_for_test"):
        registry.load("broken")
