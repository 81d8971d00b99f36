"""Implementations found by name and imported only when asked for.

A registry is a table of strings, so that listing what there is costs nothing: torch, tensorflow or onnxruntime are
loaded when one of their users is chosen, never before.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar, cast

from src.settings.errors import UserError, did_you_mean

T = TypeVar("T")


class Registry(Generic[T]):
    """A lazy table from a name to the function that makes the thing.

    Args:
        kind: What the names stand for ("detector"), used in messages.
        targets: Name → "package.module:function".
        extras: Name → (package that must be importable, extra of pyproject.toml that brings it).
    """

    def __init__(
        self, kind: str, targets: Mapping[str, str], extras: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self.kind = kind
        self._targets = dict(targets)
        self._extras = dict(extras or {})

    def names(self) -> list[str]:
        """All names, in the order in which they were registered."""
        return list(self._targets)

    def load(self, name: str) -> Callable[..., T]:
        """Import the implementation called `name` now and return its function.

        Raises:
            UserError: The name is unknown (the nearest are told), or the package it needs is not installed (the one
                command is told).
        """
        if name not in self._targets:
            raise UserError(f"unknown {self.kind} {name!r}: {did_you_mean(name, self.names())}")
        module, _, attribute = self._targets[name].partition(":")
        try:
            return cast(Callable[..., T], getattr(importlib.import_module(module), attribute))
        except ModuleNotFoundError as error:
            if (package := (error.name or "").partition(".")[0]) != self._extras.get(name, ("", ""))[0]:
                raise
            raise UserError(missing_package(f"{self.kind} {name!r}", package, self._extras[name][1])) from error


def missing_package(what: str, package: str, extra: str) -> str:
    """The message for a package that only an extra of pyproject.toml brings: what is missing, and the one command."""
    command = f"{sys.executable} -m pip install '.[{extra}]'"
    return f"{what} needs the package {package!r}, which is not installed; run: {command}"
