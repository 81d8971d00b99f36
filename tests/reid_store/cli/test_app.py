"""The command `app`: it serves the page, ends on signals and reports errors."""

from __future__ import annotations

import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from tests.learning_reid.cli.run_cli import run_command
from tests.reid_store.fake_store import make_store


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["SIGHUP", "SIGKILL", "SIGTERM under nohup"])
def test_app_runs_until_a_signal_and_deletes_its_files(repository: Path, tmp_path: Path, ending: str) -> None:
    name, _, launcher = ending.partition(" under ")
    make_store(tmp_path / "a.db").dispose()
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = ["src/main.py", "app", "--no-browser", "--set", f"store.url=sqlite:///{tmp_path / 'a.db'}"]
    running = subprocess.Popen(
        [*launcher.split(), sys.executable, *command], cwd=repository, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # even if the tests run under nohup
    )  # fmt: skip
    assert running.stdout is not None
    try:
        address = running.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address), address
        with urllib.request.urlopen(address) as page:
            assert "my store" in page.read().decode()
        (folder,) = tmp_path.glob("reid_app_*")
        (folder / "upload.jpg").touch()
        if launcher:
            running.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                running.wait(timeout=3)
        running.send_signal(signal.Signals[name])
        _, problems = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == (-signal.SIGKILL if name == "SIGKILL" else 0)
    assert problems in ("", "closing the app (Ctrl-C again to leave at once)\n")
    deadline = time.monotonic() + 60
    while folder.exists() and time.monotonic() < deadline:  # after SIGKILL another process deletes it
        time.sleep(0.05)
    assert not folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "store.url=sqlite:///{place}/none.db"], "there is no store"),
        (["--set", "store.url=postgresql+psycopg://user@127.0.0.1:1/none"], "postgresql"),
        (["--model", "osnet_x0_25=none.pth"], "there is no file 'none.pth'"),
        (["--model", "osnet"], "no such model"),
        (["--set", "embedder.weights=none.pth"], "no weights file none.pth"),
        (["--port", "{taken}"], "cannot listen on 127.0.0.1, port"),
    ],
)
def test_errors(arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", "put back at the end")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words = [word.format(place=tmp_path, taken=taken.getsockname()[1]) for word in arguments]
        with pytest.raises(UserError) as problem:
            run_command("app", "--no-browser", *words)
    assert message in str(problem.value)


def test_missing_gradio_is_reported(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)  # as if it were not installed
    with pytest.raises(UserError, match=r"needs the package 'gradio'.*; run: .*\bapp\b"):
        runpy.run_path(str(repository / "src/reid_store/app/page.py"))


@pytest.mark.slow
def test_old_gradio_is_reported(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio.__version__", "5.50.0")
    with pytest.raises(UserError, match=r"gradio 5\.50\.0 is too old for the app; .* pip install 'gradio>=6\.25'"):
        runpy.run_path(str(repository / "src/reid_store/app/page.py"))


@pytest.mark.slow
def test_only_page_and_start_import_gradio(repository: Path) -> None:
    files = [
        file.stem
        for file in (repository / "src/reid_store/app").glob("[a-z]*.py")
        if file.stem not in ("page", "start")
    ]
    modules = ", ".join(f"reid_store.app.{name}" for name in files)
    code = f"import sys, reid_store.cli.app, {modules}; print('gradio' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert len(files) > 5 and done.stdout.split() == ["False", "False"]
