"""Implementations registered by a decorator in their own file, listed without importing them.

A registry belongs to one package. To list names it reads the decorators in the package's source files, so that
torch, TensorFlow or ONNX Runtime are imported only when one of their users is loaded.
"""

import ast
import importlib
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar, cast

from learning_reid.errors import UserError, did_you_mean
from learning_reid.io.paths import find_checkout

T = TypeVar("T")
F = TypeVar("F")
EXTRAS = {  # package → the extra of pyproject.toml that installs it
    "faiss": "fast",
    "nncf": "fast",
    "onnx": "fast",
    "onnxruntime": "fast",
    "onnxscript": "fast",
    "openvino": "fast",
    "gradio": "app",
    "psycopg": "cluster",
    "tensorflow": "tensorflow",
}


class Registration(NamedTuple):
    """Where an implementation is, and one line about it."""

    module: str
    about: str


class Registry(Generic[T]):
    """A table from names to functions or classes, filled by a decorator.

    Args:
        kind: What the names stand for ("detector"), used in messages.
        package: The package whose files are searched for decorated functions.
        decorator: The name under which those files use `register`.

    Example:
        In ``learning_reid/detection/registry.py``::

            DETECTORS = Registry[DetectorFactory]("detector", "learning_reid.detection", "register_detector")
            register_detector = DETECTORS.register

        In a file of its own::

            @register_detector("mot_file", about="Boxes read from a MOT file.")
            def create_mot_file(weights: str, …) -> Detector: …
    """

    def __init__(self, kind: str, package: str, decorator: str) -> None:
        self.kind = kind
        self._package, self._decorator = package, decorator
        self._loaded: dict[str, T] = {}
        self._about: dict[str, str] = {}

    def register(self, *names: str, about: str = "") -> Callable[[F], F]:
        """Return a decorator that registers a function or class under one or several names.

        Args:
            names: String literals, so that they can be read without importing the file.
            about: One line for lists, also a literal.
        """

        def decorate(implementation: F) -> F:
            for name in names:
                self._loaded[name] = cast(T, implementation)
                self._about[name] = about
            return implementation

        return decorate

    def names(self) -> list[str]:
        """Return all names: those in the package's files, then those registered elsewhere."""
        return list(self.describe())

    def describe(self) -> dict[str, str]:
        """Return name → one line about it."""
        return {name: found.about for name, found in self._found.items()} | self._about

    def check(self, name: str) -> None:
        """Raise a UserError with similar names if `name` is unknown; nothing is imported."""
        if name not in self._loaded and name not in self._found:
            raise UserError(f"unknown {self.kind} {name!r}: {did_you_mean(name, self.names())}")

    def load(self, name: str) -> T:
        """Import and return the implementation called `name`.

        Raises:
            UserError: The name is unknown (similar names are suggested), or a package it needs is not installed (the
                command that installs it is given).
        """
        self.check(name)
        if name in self._loaded:
            return self._loaded[name]
        try:
            importlib.import_module(self._found[name].module)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package not in EXTRAS:
                raise
            raise UserError(missing_package(f"{self.kind} {name!r}", package)) from error
        return self._loaded[name]

    @cached_property
    def _found(self) -> dict[str, Registration]:
        """Name → registration, read from the decorators in the package's files."""
        spec = find_spec(self._package)
        if spec is None or spec.origin is None:
            raise ValueError(f"there is no package {self._package}")
        return {
            name: Registration(f"{self._package}.{file.stem}", about)
            for file in sorted(Path(spec.origin).parent.glob("*.py"))
            for name, about in self._decorated(file)
        }

    def _decorated(self, file: Path) -> Iterator[tuple[str, str]]:
        text = file.read_text(encoding="utf-8")
        if f"@{self._decorator}(" not in text:  # parsing takes longer than looking
            return
        for node in ast.parse(text).body:
            for call in getattr(node, "decorator_list", []):
                if isinstance(call, ast.Call) and getattr(call.func, "id", None) == self._decorator:
                    about = {word.arg: ast.literal_eval(word.value) for word in call.keywords}.get("about", "")
                    for name in call.args:
                        yield ast.literal_eval(name), about


def missing_package(what: str, package: str, extra: str | None = None) -> str:
    """Return the message about an optional package: what needs it, and the one command that installs it."""
    extra = extra or EXTRAS[package]
    command = f"python3 tools/set_up.py {extra}" if find_checkout() else f"pip install 'learning-reid[{extra}]'"
    return f"{what} needs the package {package!r}, which is not installed; run: {command}"
