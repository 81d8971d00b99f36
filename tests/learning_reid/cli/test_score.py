"""`score`: the metrics of detections against a ground truth, and errors in one line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from learning_reid.cli.entry_point import app
from learning_reid.cli.score import score_thresholds
from learning_reid.errors import UserError
from tests.learning_reid.cli.run_cli import run_command

# frame 1: two people and a region to ignore; frame 3: one person; frame 4 has detections alone
TRUTH = """\
1,-1,10,10,20,40,1,1,1
1,-1,50,10,20,40,1,1,1
1,-1,100,0,60,60,0,8,0
3,-1,10,10,20,40,1,1,1
"""
DETECTIONS = """\
3,-1,10,10,20,40,0.9,-1,-1,-1
1,-1,11,10,20,40,0.8,-1,-1,-1
1,-1,105,5,10,20,0.7,-1,-1,-1
4,-1,10,10,20,40,0.6,-1,-1,-1
1,-1,50,12,20,40,0.3,-1,-1,-1
1,-1,50,10,20,40,0,-1,-1,-1
"""


@pytest.fixture
def files(tmp_path: Path) -> list[object]:
    (tmp_path / "gt.txt").write_text(TRUTH)
    (tmp_path / "det.txt").write_text(DETECTIONS)
    return ["--truth", tmp_path / "gt.txt", "--detections", tmp_path / "det.txt"]


def test_metrics_counted_by_hand(files: list[object], tmp_path: Path) -> None:
    printed = run_command("score", *files, "--json", tmp_path / "a.json", "--plot", tmp_path / "a.png")
    values = json.loads((tmp_path / "a.json").read_text())
    # hit, hit, (ignored), miss, hit: precision 1, 1, then 3/4 at recall 1
    assert values["people"] == 3 and values["ap50"] == pytest.approx((1 + 1 + 3 / 4) / 3)
    at = {point["score"]: point for point in values["thresholds"]}
    assert list(at) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert (at[0.1]["detections"], at[0.1]["recall"], at[0.1]["precision"]) == (4, 1, 3 / 4)
    assert (at[0.7]["detections"], at[0.7]["recall"], at[0.7]["precision"]) == (2, pytest.approx(2 / 3), 1)
    assert "AP50 91.7, AP " in printed and "3 people to find" in printed
    assert "| 0.6     |          3 |   66.7 |      66.7 |" in printed
    # IoU 1, 0.905 and 0.905: the second and third are true positives up to 0.9, the first alone at 0.95
    assert values["ap"] == pytest.approx((9 * values["ap50"] + 1 / 3) / 10)
    assert Image.open(tmp_path / "a.png").size[0] > 500


def test_frames_without_truth_are_noted(files: list[object]) -> None:
    done = CliRunner().invoke(app, ["score", *map(str, files)])
    assert "no row for 1 of the frames with detections (first: frame 4)" in done.stderr


def test_no_detections_find_nobody(files: list[object], tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("")
    printed = run_command("score", *files, "--plot", tmp_path / "a.png")
    assert "AP50 0.0, AP 0.0" in printed and (tmp_path / "a.png").is_file()


def test_thresholds_of_other_scales_are_deciles() -> None:
    thresholds = score_thresholds(np.linspace(-5, 95, 101))
    assert thresholds == [-5, 5, 15, 25, 35, 45, 55, 65, 75, 85]


@pytest.mark.parametrize(
    ("truth", "detections", "message"),
    [
        (TRUTH, "101,-1,1,1,5,5,0.5\n157,-1,1,1,5,5,0.5\n", "frames 101 to 157 and gt.txt has frames 1 to 3, none in"),
        ("1,-1,0,0,9,9,0,8,0\n", DETECTIONS, "gt.txt has no person to find"),
        ("", DETECTIONS, "gt.txt has no person to find"),
        (TRUTH, "one,two\n", "det.txt:1: not a MOT row"),
        (TRUTH, None, "det.txt: no such file"),
    ],
)
def test_a_problem_is_reported_in_one_line(
    truth: str, detections: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gt.txt").write_text(truth)
    if detections is not None:
        (tmp_path / "det.txt").write_text(detections)
    arguments = ("score", "--truth", "gt.txt", "--detections", "det.txt", "--json", "a.json")
    with pytest.raises(UserError) as error:
        run_command(*arguments)
    assert message in str(error.value) and str(error.value).count("\n") == 0
    assert not (tmp_path / "a.json").exists()


def test_the_plot_is_drawn_although_the_other_file_fails(files: list[object], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="/dev/full cannot be written"):
        run_command("score", *files, "--plot", tmp_path / "a.png", "--json", "/dev/full")
    assert Image.open(tmp_path / "a.png").size[0] > 500
