"""The questions of a set inside the process of a submission: their tests, run on what the cells have left behind."""

import ast
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

Case = dict[str, Any]  # {"passed": bool, "message": what the student should read}

LONGEST = 1000  # characters of a message
CELLS = "<ipython-input-"  # how IPython names the code of a cell
_PUT_BACK = (
    "builtins",
    "math",
    "numpy",
    "otter",
    "learning_reid",
    "reid_course",
    "reid_store",
    "reid_synth",
)  # packages that tests lean on


def stand_in_for_otter(grader: type) -> Any:
    """Put a light `otter` into place: the real classes for tests, and `grader` as its Notebook.

    The whole of otter takes two seconds to import, which a class pays thirty times. A submission that changes `grader`
    changes nothing that counts: tests come from the teacher's file.

    Returns:
        The module with otter's class for a file of tests.
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


class Questions:
    """The tests of a set, loaded before the submission runs, together with the modules they import.

    Args:
        sources: by question, its file of tests.
        tests: otter's module for such files.
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
        """Keep what modules hold now, so that a submission that replaces `numpy.allclose` gains nothing by it."""
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in _PUT_BACK and isinstance(module, types.ModuleType):
                self._modules[name] = module, dict(vars(module))

    def run(self, name: str, variables: dict[str, Any]) -> list[Case]:
        """Run the tests of a question.

        Args:
            name: of the question.
            variables: what the cells have defined.

        Returns:
            One entry a test, in the order of the file.
        """
        for module_name, (module, content) in self._modules.items():
            sys.modules[module_name] = module
            vars(module).update(content)
        return [_run(test, variables) for test in self._tests[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tests)


class _Test(NamedTuple):
    """One test, taken out of otter's classes, which a submission could change."""

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
    except BaseException as error:  # SystemExit, too: whatever a submission raises, the next test runs
        memory = lacks_memory(error)
        missing = [name for name in test.needs if name != "env" and name not in variables]
        told = told_to_student(error, test.hidden, test.failure, missing)
        return {"passed": False, "message": told, "memory": memory}
    return {"passed": True, "message": cut(test.success)}


def import_all(source: str) -> None:
    """Import what a source imports anywhere in it, so that a submission comes too late to replace it."""
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{name}" for name in names)]
        for name in names:
            with suppress(ImportError):  # a function, not a module; what is really missing the test itself tells
                importlib.import_module(name)


def told_to_student(error: BaseException, hidden: bool, written: str, missing: list[str]) -> str:
    """What a student reads of a test that failed: the teacher's words where there are some, never a stack trace.

    Of a hidden test only what the teacher wrote is told, and of an error in the student's code only its kind, since
    its text could repeat what the test asks.

    Args:
        error: what the test raised.
        hidden: whether the student has not seen the test.
        written: the test's failure message.
        missing: names the test needs and no cell defines.
    """
    frames = traceback.extract_tb(error.__traceback__)
    students = any(frame.filename.startswith(CELLS) for frame in frames)
    text = words(error)
    by_teacher = isinstance(error, AssertionError) and not students and text
    if missing:
        told = f"no cell defines {', '.join(missing)}"
    elif by_teacher:
        told = text
    elif hidden:
        told = f"your code raises {type(error).__name__}" if students else ""
    elif isinstance(error, AssertionError) and not students:
        line = next((frame.line for frame in reversed(frames) if frame.filename.startswith("<tests of ")), "")
        told = f"this does not hold: {line}"
    else:
        told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if hidden:
        return cut(": ".join(filter(None, ["a hidden check failed", written or told])))
    return cut("\n".join(filter(None, [written, told])))


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that there is no more memory; if so, the spare is opened, so that what follows can run."""
    if not isinstance(error, MemoryError) and "can't allocate memory" not in words(error):  # the second is PyTorch's
        return False
    with suppress(ValueError, OSError):  # macOS
        most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    return True


def words(error: BaseException) -> str:
    """The text of an error, whatever its class does when asked for it."""
    try:
        return str(error)
    except BaseException:
        return ""


def cut(text: str, longest: int = LONGEST) -> str:
    """
    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"
