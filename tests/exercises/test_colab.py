"""A student's notebook on a machine that has nothing of the project: Colab."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.exercises import twin
from tools import exercises as builder

COLAB = """
import json, sys, types
from IPython.core.interactiveshell import InteractiveShell

sys.modules["google.colab"] = types.ModuleType("google.colab")
Shell = type("Shell", (InteractiveShell,), {"__module__": "google.colab._shell"})  # otter looks at this name
shell = Shell.instance()
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        done = shell.run_cell("".join(cell["source"]))
        done.raise_error()
        if "".join(cell["source"]) == 'grader.check("q1")':
            print(done.result)
            break
"""


@pytest.mark.parametrize("name", ["01_distances", "10_two_cameras"])
def test_a_students_notebook_runs_up_to_the_first_stub(name: str, published: dict[str, str], tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.mkdir()
    command = [sys.executable, "-c", COLAB, str(builder.STUDENT / f"{name}.ipynb")]
    env = {**published, "REID_EXERCISE_SEED": twin.SEED}
    done = subprocess.run(command, cwd=content, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (content / "learning-reid" / "src").is_dir() and "learning-reid is ready" in done.stdout
    assert "q1 results:" in done.stdout and "write `" in done.stdout
