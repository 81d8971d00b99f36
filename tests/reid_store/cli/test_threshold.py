"""`search` and `identities` with weights that have no calibrated threshold, and with one that is given."""

import json
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.visualization.crop_grid import CORRECT
from learning_reid.zoo.checksums import sha256_of
from reid_store.schema import Model
from tests.learning_reid.cli.run_cli import run_command as run
from tests.reid_store.fake_store import make_store


def make_place(folder: Path, persons: int) -> list[str]:
    """Make a store of fake embeddings of a weights file; return the options that name both."""
    weights = folder / "mine.pth"
    weights.write_bytes(b"weights")
    engine = make_store(folder / "a.db", persons=persons, assigned=False)
    with Session(engine) as session, session.begin():
        values = {"name": "osnet_x0_25", "weights": str(weights), "weights_sha256": sha256_of(weights)}
        session.execute(update(Model).where(Model.kind == "embedder").values(**values))
    own = ("embedder.name=osnet_x0_25", f"embedder.weights={weights}", f"store.url=sqlite:///{folder / 'a.db'}")
    return [part for setting in own for part in ("--set", setting)]


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    return make_place(tmp_path, persons=4)


def is_green(file: Path) -> bool:
    """Return whether a strip has a pixel in the color of a match."""
    color = tuple(int(CORRECT[place : place + 2], 16) for place in (1, 3, 5))
    return color in Image.open(file).convert("RGB").get_flattened_data()


def test_search_ranks_and_decides_nothing(place: list[str], tmp_path: Path) -> None:
    files = ["--json", str(tmp_path / "a.json"), "--strip", str(tmp_path / "a.png")]
    message = run("search", "--detection", 1, *files, *place)
    found = json.loads((tmp_path / "a.json").read_text())
    assert "match" not in message and message.count("\n") == 12
    assert found["threshold"] is None and found["threshold_origin"] is None and found["nobody"] is None
    assert [answer["match"] for answer in found["answers"]] == [None] * 10 and not is_green(tmp_path / "a.png")
    run("search", "--detection", 1, "--threshold", 2, *files, *place)
    found = json.loads((tmp_path / "a.json").read_text())
    assert (found["threshold"], found["threshold_origin"], found["nobody"]) == (2, "--threshold", False)
    assert is_green(tmp_path / "a.png")


def test_identities_names_the_origin_of_its_threshold(place: list[str], tmp_path: Path) -> None:
    message = run("identities", "--json", tmp_path / "a.json", *place)
    found = json.loads((tmp_path / "a.json").read_text())
    assert "estimated: 0.7 × the distance that 95 % of the pairs of people in one frame exceed" in message
    assert found["threshold_origin"].startswith("estimated") and 0 < found["threshold"] < 2
    assert ", --threshold\n" in run("identities", "--threshold", 0.5, *place)


def test_identities_guesses_no_threshold(tmp_path: Path) -> None:
    place = make_place(tmp_path, persons=1)
    with pytest.raises(UserError, match="too few frames show several people to estimate one; run calibrate"):
        run("identities", *place)
    assert "persons         1" in run("identities", "--threshold", 0.5, *place)


def test_corrections_survive_a_rerun(place: list[str]) -> None:
    run("identities", *place)
    assert run("identities", "--merge", "1,2", *place) == "person 1 now includes 2\n"
    assert "persons         3" in run("identities", *place)
    assert run("identities", "--split", 1, "--name", "1=Ada", *place).splitlines() == [
        "person 1 is split: 10 detections stay, 10 become 5",
        "person 1 is now named Ada",
    ]
    assert run("identities", "--name", "3=Ada", *place).splitlines()[1] == "person 1 now includes 3, named Ada"
    assert "persons         3" in run("identities", *place)
    assert "forgotten" in run("identities", "--reset", 1, *place)
