"""The commands `extract` and `search`."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from learning_reid.cli.entry_point import app
from learning_reid.errors import UserError
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from reid_store.cli._store import parse_time
from reid_store.cli.extract import _default_camera
from reid_store.database import open_store
from reid_store.schema import Model, Person
from reid_store.search import SearchHit, read_embedding, search_store
from reid_store.search_results import MAX_STRIP_LENGTH, draw_hits
from reid_store.thumbnails import decode_jpeg, make_thumbnail
from tests.learning_reid.cli.run_cli import run_command as run

SCENE = "synthetic:7:3"
CAMERAS = "door", "gate"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store filled from one synthetic scene."""
    place = f"store.url=sqlite:///{tmp_path_factory.mktemp('store') / 'people.db'}"
    message = run(
        "extract", "--input", SCENE, "--camera", "door", "--start", "2026-11-25T18:00:00+01:00", "--set", place
    )
    assert "3 frames and" in message
    return place


@pytest.mark.slow
def test_second_run_adds_nothing_and_another_camera_is_added(place: str) -> None:
    same = ("extract", "--input", SCENE, "--camera", "door", "--start", "2026-11-25T17:00:00Z", "--set", place)
    assert "0 frames and 0 detections" in run(*same), "the same time in another zone"
    message = run(*same, "--input", "synthetic:8:2", "--camera", "gate", "--start", "2026-11-25T19:00:00+01:00")
    assert "door            0 frames" in message and "gate            2 frames" in message


@pytest.mark.slow
def test_search_writes_json_and_strip(place: str, tmp_path: Path) -> None:
    files = ("--json", tmp_path / "a.json", "--strip", tmp_path / "a.png")
    message = run("search", "--detection", "1", "--camera", "door", "--top", "5", *files, "--set", place)
    answers = json.loads((tmp_path / "a.json").read_text())
    assert [answer["rank"] for answer in answers["answers"]] == [1, 2, 3, 4, 5]
    assert {answer["camera"] for answer in answers["answers"]} == {"door"} and "2026-11-25 17:00:0" in message
    distances = [answer["distance"] for answer in answers["answers"]]
    assert distances == sorted(distances) and answers["answers"][0]["time"].startswith("2026-11-25T17:00:0")
    with Image.open(tmp_path / "a.png") as strip:
        assert strip.width > 500


@pytest.mark.slow
def test_strip_shows_the_nearest_of_many_hits(tmp_path: Path) -> None:
    image = np.full((8, 4, 3), 90, np.uint8)
    found = [SearchHit(1, 0.1, "door", 0.0, 0, np.zeros(4, np.float32), make_thumbnail(image), None)] * 2000
    draw_hits(tmp_path / "a.png", image, found, 0.5)
    with Image.open(tmp_path / "a.png") as strip:
        assert strip.width == pytest.approx(115 * (1 + MAX_STRIP_LENGTH) + 30, abs=5)


@pytest.mark.slow
def test_search_by_image(place: str, tmp_path: Path) -> None:
    engine = open_store(place.partition("=")[2])
    with Session(engine) as session:
        model = session.scalars(select(Model).where(Model.kind == "embedder")).one()
        hit = search_store(engine, read_embedding(engine, 1, model), model, k=1)[0]
    assert hit.detection == 1
    Image.fromarray(decode_jpeg(hit.thumbnail)).save(tmp_path / "crop.png")
    run("search", "--image", tmp_path / "crop.png", "--top", "1", "--json", tmp_path / "a.json", "--set", place)
    assert json.loads((tmp_path / "a.json").read_text())["answers"][0]["detection"] == 1


@pytest.mark.slow
def test_printed_times_select_their_detections(tmp_path: Path) -> None:
    place = f"store.url=sqlite:///{tmp_path / 'a.db'}"
    run("extract", "--input", "synthetic:7:3", "--fps", "7", "--set", place)
    run("search", "--detection", "1", "--top", "20", "--json", tmp_path / "a.json", "--set", place)
    for answer in json.loads((tmp_path / "a.json").read_text())["answers"]:
        then = ("--after", answer["time"], "--before", answer["time"])
        run("search", "--detection", "1", *then, "--top", "20", "--json", tmp_path / "b.json", "--set", place)
        found = json.loads((tmp_path / "b.json").read_text())["answers"]
        assert answer["detection"] in {hit["detection"] for hit in found}


def test_default_camera_names(tmp_path: Path) -> None:
    (tmp_path / "gate.1").mkdir()
    assert _default_camera(str(tmp_path / "gate.1")) == "gate.1" and _default_camera("films/yard.mp4") == "yard"
    assert _default_camera("synthetic:7") == "synthetic:7"


@pytest.mark.slow
def test_search_without_matches(place: str) -> None:
    assert "no match" in run("search", "--detection", "1", "--threshold", "0.0001", "--set", place)
    late = ("--after", "2027-01-01T00:00:00Z")
    assert "there are no detections to compare with" in run("search", "--detection", "1", *late, "--set", place)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search"], "either --image FILE or --detection NUMBER"),
        (["search", "--detection", "1", "--image", "a.png"], "either --image FILE or --detection NUMBER"),
        (["search", "--detection", "99999"], "no detection 99999"),
        (["search", "--detection", "1", "--camera", "dor"], "no camera 'dor'; it has: door"),
        (["search", "--detection", "1", "--after", "yesterday"], "--after yesterday is not a time"),
        (["search", "--image", "none.png"], "none.png"),
        (["search", "--detection", "1", "--set", "embedder.name=osnet_x1_0"], "the embedded weights belong to"),
        (["extract", "--input", "a", "--input", "b", "--camera", "c"], "there are 2 --input and 1 --camera options"),
        (["extract", "--input", "nowhere"], "does not exist"),
        (["extract", "--input", SCENE, "--camera", "door", "--start", "2001-01-01T00:00:00Z"], "another start"),
        (["extract", "--input", SCENE, "--start", "0001-01-01T00:00:00+14:00"], "between 1970 and 2500"),
        (["extract", "--input", SCENE, "--fps", "1e300"], "use --fps between 0.001 and 1000"),
        (["extract", "--input", SCENE, "--camera", " "], "--camera '' is not a valid name"),
        (["search", "--detection", "1", "--after", "2026-11-26", "--before", "2026-11-25"], "swap them"),
        (["extract", "--input", SCENE, "--set", "store.ulr=x"], "did you mean 'store.url'"),
    ],
)
def test_errors(
    place: str, arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as problem:
        run(*arguments, "--set", place)
    assert message in str(problem.value)


def test_missing_store_raises(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no store"):
        run("search", "--detection", "1", "--set", f"store.url=sqlite:///{tmp_path / 'none.db'}")


def test_time_without_zone_is_utc_with_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_time("2026-11-25 17:00", "--start") == parse_time("2026-11-25T18:00+01:00", "--start")
    assert "has no time zone" in capsys.readouterr().err


def other_weights(folder: Path) -> str:
    """Write weights that differ slightly from the embedded ones, so that results are nearly equal."""
    tensors = load_file(EMBEDDED_WEIGHTS / "reid.safetensors")
    name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
    tensors[name] = tensors[name] * 1.01
    save_file(tensors, folder / "other.safetensors")
    return str(folder / "other.safetensors")


def both(*arguments: object) -> tuple[str, str]:
    """Run a command and return its stdout and stderr."""
    done = CliRunner().invoke(app, [str(part) for part in arguments], catch_exceptions=False)
    return done.stdout, done.stderr


@pytest.mark.slow
def test_partly_embedded_store_prints_a_note_and_keeps_names(tmp_path: Path) -> None:
    here = ("--set", f"store.url=sqlite:///{tmp_path / 'a.db'}")
    other = (*here, "--set", f"embedder.weights={other_weights(tmp_path)}")
    door_only = ("extract", "--input", SCENE, "--camera", "door", "--start", "2026-11-25T18:00:00Z")
    run(*door_only, *here)
    with pytest.raises(UserError, match="another start"):
        run(*door_only[:-1], "2026-11-25T18:30:00Z", *other)
    with pytest.raises(UserError, match="has no embeddings of osnet_x0_25 .*other.safetensors"):
        run("search", "--detection", 1, *other)
    run(*door_only, *other)
    run("extract", "--input", "synthetic:8:3", "--camera", "gate", "--start", "2026-11-25T19:00:00Z", *here)
    run("identities", "--json", tmp_path / "a.json", *here)
    persons = json.loads((tmp_path / "a.json").read_text())["persons"]
    at_door, at_gate = (next(one["person"] for one in persons if camera in one["cameras"]) for camera in CAMERAS)
    run("identities", "--name", f"{at_door}=Ada", "--name", f"{at_gate}=Bo", *here)

    missing = re.compile(r"other\.safetensors\) are not compared: \d+ of camera gate")
    message, note = both("identities", "--threshold", 0.7, *other)
    assert "of 1 camera\n" in message and missing.search(note) and "is gone" not in note
    with Session(open_store(f"sqlite:///{tmp_path / 'a.db'}")) as session:
        assert {name for name in session.scalars(select(Person.name)) if name} == {"Ada", "Bo"}
    message, note = both("search", "--detection", 1, "--camera", "gate", *other)
    assert message == "there are no detections to compare with\n" and missing.search(note)
    page = ("timeline", "--output", tmp_path / "page.html", "--compare", "embedded")
    assert missing.search(both(*page, f"osnet_x0_25={tmp_path / 'other.safetensors'}", *here)[1])
    assert "not compared" not in both("search", "--detection", 1, "--camera", "door", *other)[1]
