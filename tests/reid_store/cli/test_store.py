"""`extract` and `search` from outside: footage in, answers out, and one clear line about what is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from learning_reid.cli.main import app
from learning_reid.errors import UserError
from reid_store.cli._store import parse_time
from reid_store.cli.extract import _camera_of
from reid_store.database import open_store
from reid_store.schema import Model, Person
from reid_store.search import SearchHit, search_store, read_embedding
from reid_store.search_results import MOST_ON_STRIP, draw_hits
from reid_store.thumbnails import decode_jpeg, thumbnail
from tests.learning_reid.cli.run_cli import run_command as run

SCENE = "synthetic:7:6"
CAMERAS = "door", "gate"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store filled from one generated street."""
    place = f"store.url=sqlite:///{tmp_path_factory.mktemp('store') / 'people.db'}"
    told = run("extract", "--input", SCENE, "--camera", "door", "--start", "2026-11-25T18:00:00+01:00", "--set", place)
    assert "6 frames and" in told
    return place


def test_a_second_run_adds_nothing_and_another_camera_goes_beside(place: str) -> None:
    same = ("extract", "--input", SCENE, "--camera", "door", "--start", "2026-11-25T17:00:00Z", "--set", place)
    assert "0 frames and 0 people" in run(*same), "the same time in another zone"
    told = run(*same, "--input", "synthetic:8:3", "--camera", "gate", "--start", "2026-11-25T19:00:00+01:00")
    assert "door            0 frames" in told and "gate            3 frames" in told


def test_somebody_is_found_again_and_the_answers_are_written(place: str, tmp_path: Path) -> None:
    files = ("--json", tmp_path / "a.json", "--strip", tmp_path / "a.png")
    told = run("search", "--detection", "1", "--camera", "door", "--top", "5", *files, "--set", place)
    answers = json.loads((tmp_path / "a.json").read_text())
    assert [answer["rank"] for answer in answers["answers"]] == [1, 2, 3, 4, 5]
    assert {answer["camera"] for answer in answers["answers"]} == {"door"} and "2026-11-25 17:00:0" in told
    distances = [answer["distance"] for answer in answers["answers"]]
    assert distances == sorted(distances) and answers["answers"][0]["time"].startswith("2026-11-25T17:00:0")
    with Image.open(tmp_path / "a.png") as strip:
        assert strip.width > 500


def test_of_very_many_answers_the_strip_shows_the_nearest(tmp_path: Path) -> None:
    picture = np.full((8, 4, 3), 90, np.uint8)
    found = [SearchHit(1, 0.1, "door", 0.0, 0, np.zeros(4, np.float32), thumbnail(picture), None)] * 2000
    draw_hits(tmp_path / "a.png", picture, found, 0.5)
    with Image.open(tmp_path / "a.png") as strip:
        assert strip.width == pytest.approx(115 * (1 + MOST_ON_STRIP) + 30, abs=5)


def test_a_picture_of_somebody_finds_them(place: str, tmp_path: Path) -> None:
    engine = open_store(place.partition("=")[2])
    with Session(engine) as session:
        model = session.scalars(select(Model).where(Model.kind == "embedder")).one()
        hit = search_store(engine, read_embedding(engine, 1, model), model, k=1)[0]
    assert hit.detection == 1
    Image.fromarray(decode_jpeg(hit.thumbnail)).save(tmp_path / "crop.png")
    run("search", "--image", tmp_path / "crop.png", "--top", "1", "--json", tmp_path / "a.json", "--set", place)
    assert json.loads((tmp_path / "a.json").read_text())["answers"][0]["detection"] == 1


def test_a_time_that_was_told_finds_what_it_was_told_of(tmp_path: Path) -> None:
    place = f"store.url=sqlite:///{tmp_path / 'a.db'}"
    run("extract", "--input", "synthetic:7:4", "--fps", "7", "--set", place)
    run("search", "--detection", "1", "--top", "20", "--json", tmp_path / "a.json", "--set", place)
    for answer in json.loads((tmp_path / "a.json").read_text())["answers"]:
        then = ("--after", answer["time"], "--before", answer["time"])
        run("search", "--detection", "1", *then, "--top", "20", "--json", tmp_path / "b.json", "--set", place)
        found = json.loads((tmp_path / "b.json").read_text())["answers"]
        assert answer["detection"] in {hit["detection"] for hit in found}


def test_folders_keep_what_follows_a_dot_and_videos_lose_their_ending(tmp_path: Path) -> None:
    (tmp_path / "gate.1").mkdir()
    assert _camera_of(str(tmp_path / "gate.1")) == "gate.1" and _camera_of("films/yard.mp4") == "yard"
    assert _camera_of("synthetic:7") == "synthetic:7"


def test_nobody_like_this_is_an_answer(place: str) -> None:
    assert "nobody like this" in run("search", "--detection", "1", "--threshold", "0.0001", "--set", place)
    late = ("--after", "2027-01-01T00:00:00Z")
    assert "nobody is there to compare with" in run("search", "--detection", "1", *late, "--set", place)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["search"], "either --image FILE or --detection NUMBER"),
        (["search", "--detection", "1", "--image", "a.png"], "either --image FILE or --detection NUMBER"),
        (["search", "--detection", "99999"], "no detection 99999"),
        (["search", "--detection", "1", "--camera", "dor"], "no camera 'dor'; it has: door"),
        (["search", "--detection", "1", "--after", "yesterday"], "--after yesterday: no time"),
        (["search", "--image", "none.png"], "none.png"),
        (["search", "--detection", "1", "--set", "embedder.name=osnet_x1_0"], "the embedded weights are of"),
        (["extract", "--input", "a", "--input", "b", "--camera", "c"], "--input is given 2 times and --camera 1 times"),
        (["extract", "--input", "nowhere"], "there is no"),
        (["extract", "--input", SCENE, "--camera", "door", "--start", "2001-01-01T00:00:00Z"], "another start"),
        (["extract", "--input", SCENE, "--start", "0001-01-01T00:00:00+14:00"], "between the years 1970 and 2500"),
        (["extract", "--input", SCENE, "--fps", "1e300"], "give --fps between 0.001 and 1000"),
        (["extract", "--input", SCENE, "--camera", " "], "--camera '': no name"),
        (["search", "--detection", "1", "--after", "2026-11-26", "--before", "2026-11-25"], "exchange them"),
        (["extract", "--input", SCENE, "--set", "store.ulr=x"], "did you mean 'store.url'"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    place: str, arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as problem:
        run(*arguments, "--set", place)
    assert told in str(problem.value)


def test_no_store_yet(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no store"):
        run("search", "--detection", "1", "--set", f"store.url=sqlite:///{tmp_path / 'none.db'}")


def test_a_time_without_a_zone_is_utc_and_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_time("2026-11-25 17:00", "--start") == parse_time("2026-11-25T18:00+01:00", "--start")
    assert "names no zone" in capsys.readouterr().err


def other_weights(folder: Path, repository: Path) -> str:
    """Weights that differ from the embedded ones by a hair, so that all the store's answers are alike."""
    tensors = load_file(repository / "weights/reid.safetensors")
    name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
    tensors[name] = tensors[name] * 1.01
    save_file(tensors, folder / "other.safetensors")
    return str(folder / "other.safetensors")


def both(*arguments: object) -> tuple[str, str]:
    """What a command prints, and what it says beside it."""
    done = CliRunner().invoke(app, [str(part) for part in arguments], catch_exceptions=False)
    return done.stdout, done.stderr


def test_a_network_that_knows_a_part_says_so_and_takes_nobodys_name(repository: Path, tmp_path: Path) -> None:
    here = ("--set", f"store.url=sqlite:///{tmp_path / 'a.db'}")
    other = (*here, "--set", f"embedder.weights={other_weights(tmp_path, repository)}")
    door_only = ("extract", "--input", SCENE, "--camera", "door", "--start", "2026-11-25T18:00:00Z")
    run(*door_only, *here)
    with pytest.raises(UserError, match="another start"):
        run(*door_only[:-1], "2026-11-25T18:30:00Z", *other)
    with pytest.raises(UserError, match="holds no vectors of osnet_x0_25 .*other.safetensors"):
        run("search", "--detection", 1, *other)
    run(*door_only, *other)
    run("extract", "--input", "synthetic:8:3", "--camera", "gate", "--start", "2026-11-25T19:00:00Z", *here)
    run("identities", "--json", tmp_path / "a.json", *here)
    persons = json.loads((tmp_path / "a.json").read_text())["persons"]
    at_door, at_gate = (next(one["person"] for one in persons if camera in one["cameras"]) for camera in CAMERAS)
    run("identities", "--name", f"{at_door}=Ada", "--name", f"{at_gate}=Bo", *here)

    missing = "other.safetensors) has not described 11 of camera gate: they are not compared"
    told, note = both("identities", *other)
    assert "of 1 camera\n" in told and missing in note and "is gone" not in note
    with Session(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as session:
        assert {name for name in session.scalars(select(Person.name)) if name} == {"Ada", "Bo"}
    told, note = both("search", "--detection", 1, "--camera", "gate", *other)
    assert told == "nobody is there to compare with\n" and missing in note
    page = ("timeline", "--output", tmp_path / "page.html", "--compare", "embedded")
    assert missing in both(*page, f"osnet_x0_25={tmp_path / 'other.safetensors'}", *here)[1]
    assert "not described" not in both("search", "--detection", 1, "--camera", "door", *other)[1]
