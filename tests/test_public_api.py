"""Public names: importable, documented, and no function changes its inputs.

Every public function that takes arrays, tensors or containers is called with read-only inputs (`CALLS` in
`public_api_inputs.py`), or named in `NOT_CALLED` with the reason. Functions whose parameters are all immutable need no
entry.
"""

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest

from tests.public_api_inputs import CALLS, KEYWORDS, NOT_CALLED

SOURCE = Path(__file__).resolve().parent.parent / "src"
PACKAGES = sorted(".".join(stub.parent.relative_to(SOURCE).parts) for stub in SOURCE.rglob("__init__.pyi"))
IMMUTABLE = {"str", "int", "float", "bool", "bytes", "None", "Path", "Literal", "tuple", "type", "complex"}
CALLBACKS = {"progress", "done", "on_progress", "stop"}  # parameters for functions that report progress


def public_objects() -> Iterator[tuple[str, str, Any]]:
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            yield package, name, getattr(module, name)


def takes_only_immutable(function: FunctionType) -> bool:
    for name, parameter in inspect.signature(function).parameters.items():
        annotation = parameter.annotation
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", None)
        text = str(annotation) if text is None or "[" in str(annotation) or "|" in str(annotation) else text
        words = re.findall(r"[A-Za-z_]\w*", re.sub(r"'[^']*'|\"[^\"]*\"|[\w.]+\.(?=\w)", "", text))
        if name not in CALLBACKS and not set(words) <= IMMUTABLE:
            return False
    return True


def parts_of(value: Any) -> list[Any]:
    """Return what a value contains."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, type | FunctionType) or inspect.ismodule(value) or not hasattr(value, "__dict__"):
        return []
    ours = type(value).__module__.split(".")[0] in {"learning_reid", "reid_store", "reid_synth", "supervision", "tests"}
    return list(vars(value).values()) if ours else []


def freeze(value: Any) -> None:
    """Make all arrays inside a value read-only."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    for part in parts_of(value):
        freeze(part)


def snapshot(value: Any) -> Any:
    """Return a value that is equal as long as nothing inside the original changes."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes() if value.dtype != object else value.tolist()
    if type(value).__name__ == "Tensor":
        return snapshot(value.detach().numpy().copy())
    if isinstance(value, dict):
        return list(value), [snapshot(part) for part in value.values()]
    if parts := parts_of(value):
        return type(value), [snapshot(part) for part in parts]
    return value if isinstance(value, str | int | float | bytes | Path | None) else type(value)


def functions() -> dict[str, FunctionType]:
    return {name: value for _, name, value in public_objects() if isinstance(value, FunctionType)}


def test_every_public_name_is_documented() -> None:
    missing = []
    for package, name, value in public_objects():
        doc = getattr(value, "__doc__", None) or ""
        generated = doc.startswith(f"{name}(")  # by dataclass and NamedTuple
        documentable = inspect.isclass(value) or inspect.isroutine(value)
        if documentable and (not doc.strip() or generated):
            missing.append(f"{package}.{name}")
    assert not missing, f"no docstring: {', '.join(missing)}"


def test_a_public_name_means_one_thing() -> None:
    seen: dict[str, tuple[str, Any]] = {}
    clashes = []
    for package, name, value in public_objects():
        other, meaning = seen.setdefault(name, (package, value))
        if meaning is not value and not (inspect.ismethod(value) and meaning == value):
            clashes.append(f"{other}.{name} and {package}.{name}")
    assert not clashes


def test_every_public_function_is_called_here() -> None:
    found = functions()
    known = set(CALLS) | set(NOT_CALLED)
    new = [name for name, function in found.items() if name not in known and not takes_only_immutable(function)]
    assert not new, f"add to CALLS with read-only inputs, or to NOT_CALLED with the reason: {', '.join(new)}"
    assert not known - set(found), f"no longer public: {sorted(known - set(found))}"
    assert not set(CALLS) & set(NOT_CALLED)


@pytest.mark.parametrize("name", CALLS)
def test_no_public_function_changes_its_inputs(name: str, tmp_path: Path) -> None:
    inputs = CALLS[name](tmp_path)
    freeze(inputs)
    before = snapshot(inputs)
    result = functions()[name](*inputs, **KEYWORDS.get(name, {}))
    if callable(result):  # a function that computes rows of a matrix
        result(np.arange(2))
    assert snapshot(inputs) == before
