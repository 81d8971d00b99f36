"""Tests of an exercise set inside the process of a submission, run on the variables that the cells define."""

import ast
import errno
import importlib.util
import inspect
import linecache
import resource
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

Case = dict[str, Any]  # {"passed": bool, "message": text for the student}

MAX_LENGTH = 1000  # characters of a message
CELL_FILE = "<ipython-input-"  # how IPython names the code of a cell
_RESTORED = (  # packages that tests use
    "builtins",
    "math",
    "numpy",
    "otter",
    "learning_reid",
    "reid_course",
    "reid_store",
    "reid_synth",
)


def replace_otter(grader: type) -> Any:
    """Install a small `otter` module: the real classes for tests, and `grader` as its Notebook.

    Importing all of otter takes two seconds, thirty times in a class. A submission that changes `grader` gains nothing,
    because the tests come from the teacher's file.

    Returns:
        The module with otter's class for a test file.
    """
    for name in ("otter", "otter.test_files"):
        found = importlib.util.find_spec(name)
        module = types.ModuleType(name)
        module.__path__ = list(found.submodule_search_locations or []) if found else []
        sys.modules[name] = module
    tests = importlib.import_module("otter.test_files.exception_test")
    sys.modules["otter.test_files"].test_case = tests.test_case  # type: ignore[attr-defined]
    sys.modules["otter"].Notebook = grader  # type: ignore[attr-defined]
    sys.modules["otter"].test_files = sys.modules["otter.test_files"]  # type: ignore[attr-defined]
    return tests


class QuestionTests:
    """The tests of a set, loaded before the submission runs, together with the modules they import.

    Args:
        sources: Text of the test file of each question.
        tests: otter's module for test files.
    """

    def __init__(self, sources: dict[str, str], tests: Any) -> None:
        self._tests: dict[str, list[_Test]] = {}
        for name, source in sources.items():
            path = f"<tests of {name}>"
            linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
            import_all(source)
            file = tests.ExceptionTestFile.from_string(source, path=path)
            self._tests[name] = [_read_test(case) for case in file.test_cases]
        self._modules: dict[str, tuple[types.ModuleType, dict[str, Any]]] = {}

    def remember_modules(self) -> None:
        """Remember the contents of modules, so that a submission that replaces `numpy.allclose` gains nothing."""
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in _RESTORED and isinstance(module, types.ModuleType):
                self._modules[name] = module, dict(vars(module))

    def run(self, name: str, variables: dict[str, Any]) -> list[Case]:
        """Run the tests of a question.

        Args:
            name: Name of the question.
            variables: Variables that the cells have defined.

        Returns:
            One entry per test, in the order of the file.
        """
        for module_name, (module, content) in self._modules.items():
            sys.modules[module_name] = module
            vars(module).update(content)
        return [_run(test, variables) for test in self._tests[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tests)


class _Test(NamedTuple):
    """One test, copied from otter's classes, which a submission could change."""

    body: Callable[..., object]
    needs: tuple[str, ...]  # names that cells define
    hidden: bool
    failure: str
    success: str


def _read_test(case: Any) -> _Test:
    body = case.body.test_func
    needs = tuple(inspect.signature(body).parameters)
    return _Test(body, needs, case.hidden, case.failure_message or "", case.success_message or "")


def _run(test: _Test, variables: dict[str, Any]) -> Case:
    """Call a test as otter does: with the variables it names, and with all of them as `env`."""
    try:
        test.body(**{name: variables if name == "env" else variables.get(name) for name in test.needs})
    except BaseException as error:  # also SystemExit: whatever a submission raises, the next test runs
        memory = lacks_memory(error)
        missing = [name for name in test.needs if name != "env" and name not in variables]
        message = failure_message(error, test.hidden, test.failure, missing)
        return {"passed": False, "message": message, "memory": memory}
    return {"passed": True, "message": shorten(test.success)}


def import_all(source: str) -> None:
    """Import everything that a source imports anywhere, before a submission can replace it.

    Packages that load their names lazily get each name that the source mentions, so that `remember_modules` keeps it.
    """
    modules: list[types.ModuleType] = []
    mentioned: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        mentioned |= {node.attr} if isinstance(node, ast.Attribute) else set(names)
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{name}" for name in names)]
        for name in names:
            with suppress(ImportError):  # not a module but a function, or missing, which the test itself reports
                modules.append(importlib.import_module(name))
    for module in modules:
        for name in mentioned & set(getattr(module, "__all__", ())):
            with suppress(ImportError, AttributeError):
                vars(module)[name] = getattr(module, name)


def failure_message(error: BaseException, hidden: bool, written: str, missing: list[str]) -> str:
    """Return what a student reads about a failed test: the teacher's message if there is one, never a stack trace.

    Of a hidden test only the teacher's message is shown, and of an error in the student's code only its type, because
    the error's text could repeat the content of the test.

    Args:
        error: Error that the test raised.
        hidden: Whether the student has not seen the test.
        written: Failure message of the test.
        missing: Names that the test needs and no cell defines.
    """
    frames = traceback.extract_tb(error.__traceback__)
    in_cell = any(frame.filename.startswith(CELL_FILE) for frame in frames)
    text = text_of(error)
    by_teacher = isinstance(error, AssertionError) and not in_cell and text
    if missing:
        message = f"no cell defines {', '.join(missing)}"
    elif by_teacher:
        message = text
    elif hidden:
        message = f"your code raises {type(error).__name__}" if in_cell else ""
    elif isinstance(error, AssertionError) and not in_cell:
        line = next((frame.line for frame in reversed(frames) if frame.filename.startswith("<tests of ")), "")
        message = f"this does not hold: {line}"
    else:
        message = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if hidden:
        return shorten(": ".join(filter(None, ["a hidden check failed", written or message])))
    return shorten("\n".join(filter(None, [written, message])))


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error reports a lack of memory; if so, release the reserve for what has to run after it."""
    is_torch = "can't allocate memory" in text_of(error)
    is_refused = isinstance(error, OSError) and error.errno == errno.ENOMEM  # as sandbox.py makes some calls fail
    if not isinstance(error, MemoryError) and not is_torch and not is_refused:
        return False
    with suppress(ValueError, OSError):  # macOS
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    return True


def text_of(error: BaseException) -> str:
    """Return the text of an error, even if its class raises when it is converted."""
    try:
        return str(error)
    except BaseException:
        return ""


def shorten(text: str, length: int = MAX_LENGTH) -> str:
    """
    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"
