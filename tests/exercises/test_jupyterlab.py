"""A student's notebook in JupyterLab, in a real browser: the untouched stub, a wrong answer and a right one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import skip_or_fail
from tests.exercises import twin
from tools import exercises as builder

pytestmark = pytest.mark.slow

NAME = "01_distances"
TIMEOUT_MS = 120_000


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """JupyterLab on a copy of the notebook; its address."""
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        skip_or_fail("JupyterLab is not installed; run: make lab")
    shutil.copy(builder.STUDENT / f"{NAME}.ipynb", tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "config"
    tracker = config / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text('{"windowingMode": "none"}')  # draws cells that are scrolled away too
    places = {
        name: str(config / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
    }
    env = {**os.environ, **places, "PYTHONPATH": str(builder.ROOT / "src"), "REID_EXERCISE_SEED": twin.SEED}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5)
                    break
                except OSError:
                    assert server.poll() is None, (tmp_path / "log").read_text()
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/lab/tree/{NAME}.ipynb"
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture
def page(browser: Any, lab: str) -> Iterator[Any]:
    """The notebook, open."""
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(lab)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.wait_for_function("async () => (await (await fetch('/api/sessions')).json())[0]?.kernel.connections > 0")
    page.locator(".jp-Toolbar-kernelName", has_text="Python 3").wait_for()
    page.locator("#jp-main-statusbar", has_text="Idle").wait_for()
    yield page
    page.close()


def test_a_stub_a_wrong_answer_and_a_right_one(page: Any) -> None:
    def cell_with(text: str) -> Any:
        return page.locator(".jp-CodeCell", has_text=text).first

    def check_says(words: str) -> None:
        cell_with('grader.check("q1")').locator(".jp-OutputArea-output", has_text=words).wait_for(state="attached")

    def wait_until_idle() -> None:
        """Wait until no cell is queued or running: JupyterLab moves the focus when a run ends."""
        page.wait_for_function(
            "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(prompt => prompt.textContent.includes('*'))"
        )
        page.locator("#jp-main-statusbar", has_text="Idle").wait_for()

    def answer(code: str) -> None:
        """Replace the answer, run it, then run its check."""
        wait_until_idle()
        cell = cell_with("def distances(")
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(code)
        cell.locator(".cm-content", has_text=code.strip().splitlines()[-1].strip()).wait_for()
        page.keyboard.press("Shift+Enter")
        wait_until_idle()
        cell_with('grader.check("q1")').locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    check_says("NotImplementedError: write `distances` first")
    assert page.locator(".jp-OutputArea-output img").count() >= 1  # the crops
    answer(twin.wrong_answers(NAME)[1][2])
    check_says("Wrong: shape (4, 3), expected (3, 4): rows are queries, columns are gallery pictures")
    answer(twin.questions(NAME)["q1"].solution[0].source)
    check_says("q1 passed!")
