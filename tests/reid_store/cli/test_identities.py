"""The command `identities`: from footage of two cameras to persons."""

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.frames.mot import format_mot
from learning_reid.frames.sources import open_frames
from reid_store.cli.identities import read_transit_times
from reid_store.database import open_store
from reid_store.schema import Detection, Person
from tests.learning_reid.cli.run_cli import run_command as run

SCENE = "synthetic:7:6"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store of one scene, extracted for two cameras an hour apart."""
    place = f"store.url=sqlite:///{tmp_path_factory.mktemp('store') / 'people.db'}"
    for camera, hour in (("door", 18), ("gate", 19)):
        run("extract", "--input", SCENE, "--camera", camera, "--start", f"2026-11-25T{hour}:00:00Z", "--set", place)
    return place


@pytest.mark.slow
def test_persons_are_found_across_cameras(place: str, tmp_path: Path) -> None:
    truth = open_frames(SCENE).truth
    assert truth is not None
    (tmp_path / "gt.txt").write_text(format_mot(truth))
    truths = [part for camera in ("door", "gate") for part in ("--truth", f"{camera}={tmp_path / 'gt.txt'}")]
    message = run("identities", *truths, "--json", tmp_path / "a.json", "--set", place)
    found = json.loads((tmp_path / "a.json").read_text())
    assert "seen by several cameras" in message and "IDF1" in message
    assert found["seen_by_several_cameras"] == len(found["persons"]) > 0, "both cameras have the same images"
    assert found["truth"]["idf1"] > 0.5 and found["threshold"] == pytest.approx(0.4896, abs=1e-3)
    for person in found["persons"]:
        assert person["cameras"]["door"] == person["cameras"]["gate"] and person["last_s"] > person["first_s"]
    engine = open_store(place.partition("=")[2])
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == len(found["persons"])
        assigned = session.scalar(select(func.count(Detection.person_id)))
    assert assigned == found["detections"] - found["nobody"]
    assert message.splitlines()[:4] == run("identities", "--set", place).splitlines()[:4], (
        "a rerun gives the same result"
    )


@pytest.mark.slow
def test_set_show_and_remove_a_name(place: str, tmp_path: Path) -> None:
    run("identities", "--json", tmp_path / "a.json", "--set", place)
    number = json.loads((tmp_path / "a.json").read_text())["persons"][0]["person"]
    assert (
        run("identities", "--name", f"{number}=Ada | Lovelace", "--set", place)
        == f"person {number} is now named Ada | Lovelace\n"
    )
    with Session(open_store(place.partition("=")[2])) as session:
        detection = session.scalar(select(Detection.id).where(Detection.person_id == number).limit(1))
    run("search", "--detection", detection, "--top", 20, "--json", tmp_path / "b.json", "--set", place)
    found = json.loads((tmp_path / "b.json").read_text())["answers"]
    assert any(hit["name"] == "Ada | Lovelace" for hit in found)
    assert all((hit["name"] is not None) == (hit["person"] == number) for hit in found)
    assert "Ada \\| Lovelace" in run("search", "--detection", detection, "--top", 20, "--set", place)
    run("identities", "--name", f"{number}=", "--set", place)
    assert "Ada" not in run("search", "--detection", detection, "--top", 20, "--set", place)


@pytest.mark.slow
def test_threshold_and_transit_times(place: str, tmp_path: Path) -> None:
    run("identities", "--threshold", "2", "--json", tmp_path / "a.json", "--set", place)
    assert json.loads((tmp_path / "a.json").read_text())["threshold"] == 2
    (tmp_path / "way.yml").write_text("door: {gate: 7200}\n")  # an hour is too short
    run("identities", "--transit", tmp_path / "way.yml", "--json", tmp_path / "b.json", "--set", place)
    assert json.loads((tmp_path / "b.json").read_text())["seen_by_several_cameras"] == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--truth", "door"], "write it as CAMERA=gt.txt"),
        (["--truth", "door=/nowhere/gt.txt"], "no such file"),
        (["--name", "Ada"], "write it as NUMBER=NAME"),
        (["--name", "999=Ada"], "no person 999"),
        (["--name", "1=A\x1b[31m"], "not a valid name"),
        (["--name", "1=A\udcff"], "not a valid name"),
        (["--name", "1=Ada", "--name", "1=Zoe"], "given twice for one person"),
        (["--name", "99999999999999999999=Ada"], "write it as NUMBER=NAME"),
        (["--name", "1=Ada", "--threshold", "0.5"], "only change stored persons"),
        (["--merge", "1,2", "--json", "a.json"], "only change stored persons"),
        (["--merge", "1"], "name two or more persons, such as 3,7"),
        (["--merge", "1,1"], "name two or more persons, such as 3,7"),
        (["--merge", "1,x"], "name two or more persons, such as 3,7"),
        (["--split", "99999"], "no person 99999"),
        (["--reset", "99999"], "no person 99999"),
        (["--json", "/nowhere/a.json"], "cannot be written there"),
        (["--set", "embedder.name=osnet_x0_5", "--set", "embedder.weights=/nowhere/b.pth"], "no weights file"),
        (["--set", "store.url=sqlite:////nowhere/a.db"], "there is no store"),
    ],
)
def test_wrong_arguments(arguments: list[str], message: str, place: str) -> None:
    with pytest.raises(UserError, match=message):
        run("identities", "--set", place, *arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 3", "write other cameras"),
        ("a: {z: 3}", "no camera 'z'; it has: a, b"),
        ("a: {b: -3}", "-3 is not a time"),
        ("a: {b: soon}", "is not a time"),
        ("a: {a: 3}", "paired with itself"),
        ("a: {b: 3}\nb: {a: 4}", "two different times"),
    ],
)
def test_wrong_transit_times(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "way.yml"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        read_transit_times(file, ("a", "b"))


def test_transit_times_count_both_ways(tmp_path: Path) -> None:
    file = tmp_path / "way.yml"
    file.write_text("b: {a: 3}\na: {c: 0, b: 3.0}")
    assert read_transit_times(file, ("a", "b", "c")) == {(0, 1): 3.0, (0, 2): 0.0}
