"""A student's notebook on Colab, where the project is not installed."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exercises import twin
from tools import exercises as builder

pytestmark = pytest.mark.slow

NAMES = ("01_distances", "10_two_cameras")
COLAB = """
import json, sys, types
from IPython.core.interactiveshell import InteractiveShell

sys.modules["google.colab"] = types.ModuleType("google.colab")
Shell = type("Shell", (InteractiveShell,), {"__module__": "google.colab._shell"})  # otter recognises Colab by this name
shell = Shell.instance()
for file in sys.argv[1:]:
    shell.reset()
    for cell in json.load(open(file))["cells"]:
        if cell["cell_type"] == "code":
            done = shell.run_cell("".join(cell["source"]))
            done.raise_error()
            if "".join(cell["source"]) == 'grader.check("q1")':
                print(done.result)
                break
"""


def test_students_notebooks_run_up_to_the_first_stub(
    published: Callable[[Path], tuple[str, dict[str, str]]], tmp_path: Path
) -> None:
    """One after the other; the first installs the project."""
    content = tmp_path / "content"
    content.mkdir()
    python, variables = published(tmp_path / "env")
    command = [python, "-c", COLAB, *(str(builder.STUDENT / f"{name}.ipynb") for name in NAMES)]
    env = {**variables, "REID_EXERCISE_SEED": twin.SEED, "LEARNING_REID_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, cwd=content, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    _, *outputs = done.stdout.split("learning-reid is ready")
    assert len(outputs) == len(NAMES)
    assert all("q1 results:" in output and "write `" in output for output in outputs)
