"""Default < YAML < --set; errors name the source, the key and what was expected."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from learning_reid.config.load import dump_settings, flatten, load_settings, nest
from learning_reid.errors import UserError

FRAMES = "input.frames_path=somewhere"


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_default_then_yaml_then_set(tmp_path: Path) -> None:
    config = write(
        tmp_path / "c.yml", {"input": {"frames_path": "a", "max_frames": 5}, "ranking": {"metric": "cosine"}}
    )
    settings = load_settings(config, ["input.max_frames=7", "input.max_frames=null", "output.fps=25"])
    assert settings.output.folder == "output"  # the default
    assert (settings.input.frames_path, settings.ranking.metric) == ("a", "cosine")  # the file
    assert (settings.input.max_frames, settings.output.fps) == (None, 25.0)  # --set, the last one


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"])
def test_devices(device: str) -> None:
    assert load_settings(None, [FRAMES, f"runtime.device={device}"]).runtime.device == device


def test_defaults() -> None:
    settings = load_settings(None, [FRAMES])
    assert settings.model_dump() == {
        "input": {
            "frames_path": "somewhere",
            "query_frame": None,
            "query_detection": 0,
            "max_frames": None,
            "truth": None,
        },
        "detector": {"name": "torchvision_frcnn", "weights": "embedded", "min_score": None},
        "embedder": {"name": "osnet_x0_25", "weights": "embedded", "backend": "torch", "batch_size": 64},
        "ranking": {"metric": "euclidean", "reject_above": None},
        "output": {"folder": "output", "fps": None},
        "runtime": {"device": "auto", "seed": 0, "threads": None},
    }


def test_commented_out_sections_keep_their_defaults(tmp_path: Path) -> None:
    config = write(tmp_path / "c.yml", "input:\n  frames_path: a\nranking:\n#  metric: cosine\n")
    assert load_settings(config).ranking.metric == "euclidean"


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("[0, 2]", [0, 2]), ("all", "all"), ("[4]", [4])],
    ids=["index", "list", "all", "list of one"],
)
def test_query_detection(text: str, value: object) -> None:
    assert load_settings(None, [FRAMES, f"input.query_detection={text}"]).input.query_detection == value


@pytest.mark.parametrize(
    "path", ["2024-01-01", "a: b #1", "C:\\films\\one.avi", "@home", "with [bracket", "12:30", "x=y", "yes"]
)
def test_unquoted_text_is_taken_literally(path: str) -> None:
    assert load_settings(None, [f"input.frames_path={path}"]).input.frames_path == path


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("input.frame_path=a", "--set: input.frame_path: unknown key; did you mean 'input.frames_path'?"),
        ("ranking.min_score=1", "--set: ranking.min_score: unknown key; did you mean 'detector.min_score'?"),
        ("detektor.name=a", "--set: detektor.name: unknown key; did you mean 'detector.name'?"),
        ("frames_path=a", "--set: frames_path: unknown key; did you mean 'input.frames_path'?"),
        ("zzz=1", "--set: zzz: unknown key; valid: 'input', 'detector', 'embedder', 'ranking', 'output', 'runtime'"),
        ("detector=yolox_onnx", "--set: detector: expected keys below it (name, weights, min_score), got 'yolox_onnx'"),
        ("input.query_frame=-1", "--set: input.query_frame: expected a whole number ≥ 0, or null, got -1"),
        ("input.query_frame=1.5", "--set: input.query_frame: expected a whole number ≥ 0, or null, got 1.5"),
        ("input.query_frame=true", "--set: input.query_frame: expected a whole number ≥ 0, or null, got true"),
        ("input.query_frame='1'", "--set: input.query_frame: expected a whole number ≥ 0, or null, got '1'"),
        ("input.max_frames=0", "--set: input.max_frames: expected a whole number ≥ 1, or null, got 0"),
        ("detector.min_score=1.01", "--set: detector.min_score: expected a number ≥ 0 and ≤ 1, or null, got 1.01"),
        ("ranking.reject_above=.nan", "--set: ranking.reject_above: expected a number > 0, calibrated, or null, got nan"),
        ("ranking.metric=euclid", "--set: ranking.metric: expected euclidean, or cosine, got 'euclid'"),
        ("output.folder=", "--set: output.folder: expected text, got null"),
        ("output.fps=0", "--set: output.fps: expected a number > 0, or null, got 0"),
        ("runtime.device=gpu", "--set: runtime.device: expected auto, cpu, cuda, cuda:N, or mps, got 'gpu'"),
        ("runtime.threads=0", "--set: runtime.threads: expected a whole number ≥ 1, or null, got 0"),
        ("no equals sign", "--set no equals sign: expected key=value, for example --set input.max_frames=50"),
        ("=3", "--set =3: expected key=value, for example --set input.max_frames=50"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_reported_in_one_line(override: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        load_settings(None, [FRAMES, override])
    assert str(error.value) == message


@pytest.mark.parametrize("value", ["[]", "[-1]", "[0, -1]", "[a]", "some", "1.5", "null"])
def test_wrong_query_detection(value: str) -> None:
    with pytest.raises(UserError, match=r"input.query_detection: expected a whole number ≥ 0, a list .*, or all, got"):
        load_settings(None, [FRAMES, f"input.query_detection={value}"])


def test_the_message_names_the_wrong_source(tmp_path: Path) -> None:
    config = write(tmp_path / "c.yml", {"input": {"frames_path": "a", "max_frames": "many"}, "output": {"fps": 5}})
    with pytest.raises(UserError) as error:
        load_settings(config)
    assert str(error.value) == f"{config}: input.max_frames: expected a whole number ≥ 1, or null, got 'many'"
    with pytest.raises(UserError, match="^--set: output.fps"):
        load_settings(config, ["input.max_frames=3", "output.fps=x"])


@pytest.mark.parametrize("content", ["", "ranking: {metric: cosine}"], ids=["empty", "without input"])
def test_frames_path_must_be_given(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError, match=r"input.frames_path is missing; give it"):
        load_settings(write(tmp_path / "c.yml", content))


def test_legacy_keys_keep_working(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write(
        tmp_path / "old.yml",
        {
            "input": {"frames_path": "a"},
            "model": {"inception": "graph.pb", "reid": "osnet.pth"},
            "output": {"save_path": "out"},
        },
    )
    settings = load_settings(config)
    assert (settings.detector.name, settings.detector.weights) == ("tensorflow_frcnn", "graph.pb")
    assert (settings.embedder.name, settings.embedder.weights) == ("osnet_ain_x1_0", "osnet.pth")
    assert settings.output.folder == "out"
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    for word in (
        "model.inception",
        "detector.weights",
        "model.reid",
        "embedder.weights",
        "output.save_path",
        "output.folder",
    ):
        assert word in printed.err


def test_legacy_keys_follow_the_precedence(tmp_path: Path) -> None:
    config = write(
        tmp_path / "old.yml", {"input": {"frames_path": "a"}, "output": {"save_path": "old", "folder": "new"}}
    )
    assert load_settings(config).output.folder == "new"
    assert load_settings(config, ["output.save_path=out/film.mp4"]).output.folder == "out"
    assert load_settings(config, ["model.reid=x", "embedder.name=osnet_x0_5"]).embedder.name == "osnet_x0_5"


def test_dumped_settings_load_as_equal_settings(tmp_path: Path) -> None:
    settings = load_settings(
        None, [FRAMES, "input.query_detection=[0, 2]", "ranking.reject_above=0.7", "input.truth='007'"]
    )
    assert load_settings(write(tmp_path / "resolved.yml", dump_settings(settings))) == settings


def test_settings_are_frozen() -> None:
    settings = load_settings(None, [FRAMES])
    with pytest.raises(ValidationError):
        settings.input.query_frame = 2  # type: ignore[misc]


words = st.text("abc_", min_size=1, max_size=5)
leaves = st.none() | st.integers() | st.lists(st.integers(), max_size=3)


@given(st.dictionaries(words, st.dictionaries(words, leaves, min_size=1), max_size=4))
def test_nest_is_the_inverse_of_flatten(tree: dict[str, Any]) -> None:
    assert nest(flatten(tree)) == tree


def test_credentials_are_not_written(tmp_path: Path) -> None:
    settings = load_settings(None, ["input.frames_path=rtsp://admin:secret@camera/1?channel=2"])
    text = dump_settings(settings)
    assert "rtsp://***@camera/1?channel=2" in text and "secret" not in text
    assert settings.input.frames_path.startswith("rtsp://admin:secret@"), "the settings themselves keep them"
