"""The command: what it prints, and that it can be killed and started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from src.teaching.marking.jail import ROOT
from tests.teaching.marking.conftest import GOOD, nobody_left, notebook
from tools import mark


def test_killed_in_the_middle_it_leaves_nothing_running_and_can_start_again(
    tiny: Path, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    submission = tmp_path / "in" / "01_tiny_ada.ipynb"
    submission.parent.mkdir()
    arguments = [str(submission.parent), "--out", str(tmp_path / "out"), "--sets", str(tiny), "--seed", str(seed)]
    submission.write_text(notebook("open('started', 'w')\nwhile True:\n    pass"))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, str(ROOT / "tools" / "mark.py"), *arguments], env=environment)
    for _ in range(600):
        if any(tmp_path.glob("marking-*")):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert nobody_left(seed)

    submission.write_text(notebook(*GOOD))
    mark.main(arguments)
    assert "1 submissions, 0 of them to be looked at" in capsys.readouterr().out
    assert ",4,4,1.000,marked," in (tmp_path / "out" / "marks.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: no such folder"),
        ([str(ROOT)], "holds the project itself"),
        (["nowhere", "--memory", "much"], "--memory much: write a number"),
        (["nowhere", "--sets", "nowhere"], "no set of exercises there"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(arguments: list[str], told: str, tiny: Path) -> None:
    with pytest.raises(SystemExit, match=told):
        mark.main(["--sets", str(tiny), *arguments])
