"""The pipeline end to end on small colored people, whose embedding is their color."""

import csv
import json
import os
import resource
import signal
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

import learning_reid.pipeline as pipeline
from learning_reid.config.load import load_settings
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.frames.video import VideoFrames
from tests.learning_reid.frames.stream_server import serve
from tests.learning_reid.frames.video_making import make_video

COLORS = {1: (220, 30, 30), 2: (30, 200, 40), 3: (40, 50, 220)}  # person → color
WIDTH, HEIGHT = 96, 64


class ColorEmbedder:
    """The crop's mean color as a unit vector."""

    dimension = 3

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        self.batches.append(len(crops))
        mean = np.array([crop.reshape(-1, 3).mean(axis=0) for crop in crops], np.float32).reshape(-1, 3)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)


class Street:
    """Frames with ground truth, and a way to run the pipeline on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.rows: list[str] = []
        (folder / "frames").mkdir()

    def frame(self, index: int, people: dict[int, tuple[int, int]], size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        """Save a frame with a 10 × 24 person at each (x, y), and add their rows to gt.txt."""
        image = np.full((size[1], size[0], 3), 128, np.uint8)
        for person, (x, y) in people.items():
            image[max(y, 0) : y + 24, max(x, 0) : x + 10] = COLORS[person]
            self.rows.append(f"{index + 1},{person},{x},{y},10,24,1,-1,-1,-1")
        Image.fromarray(image).save(self.folder / "frames" / f"frame_{index:04d}.png")

    def run(self, *overrides: str) -> Any:
        gt = self.folder / "gt.txt"
        gt.write_text("".join(f"{row}\n" for row in self.rows))
        common = [f"input.frames_path={self.folder / 'frames'}", f"input.truth={gt}", "detector.name=mot_file"]
        common += [f"detector.weights={gt}", f"output.folder={self.out}"]
        return pipeline.run_pipeline(load_settings(None, [*common, *overrides]))

    def table(self) -> list[dict[str, str]]:
        with (self.out / "rankings.csv").open() as handle:
            return list(csv.DictReader(handle))

    def summary(self) -> dict[str, Any]:
        return json.loads((self.out / "summary.json").read_text())

    def video_frames(self) -> int:
        with av.open(str(self.out / "annotated.mp4")) as container:
            return sum(1 for _ in container.decode(video=0))


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> ColorEmbedder:
    instance = ColorEmbedder()
    monkeypatch.setattr(pipeline, "create_embedder", lambda *_, **__: instance)
    return instance


@pytest.fixture
def street(tmp_path: Path, embedder: ColorEmbedder) -> Street:
    return Street(tmp_path)


@pytest.fixture
def scene(street: Street) -> Street:
    """Six frames; person 1 is in all of them, 2 in frames 0–3, 3 from frame 2 on."""
    for index in range(6):
        people = {1: (5 + 3 * index, 10)}
        people |= {2: (40 - index, 30)} if index < 4 else {}
        people |= {3: (70, 20 + index)} if index > 1 else {}
        street.frame(index, people)
    return street


def test_all_results_are_written_and_correct(scene: Street, capsys: pytest.CaptureFixture[str]) -> None:
    summary = scene.run("input.query_detection=1")
    names = ["annotated.mp4", "ranking.png", "rankings.csv", "resolved.yml", "summary.json"]
    assert sorted(p.name for p in scene.out.iterdir()) == names
    values = scene.summary()
    assert (values["frames"], values["detections"], values["frames_skipped"], values["stopped_early"]) == (
        6,
        14,
        0,
        False,
    )
    # person 2 is present in frames 1, 2, 3 and found in each; their three detections are the three nearest of 12
    expected = {"rank1": 1, "map": 1, "refind_rate": 1, "frames_scored": 3, "queries": 1, "queries_scored": 1}
    assert values["truth"] == expected
    assert values["query"]["person_id"] == 2 and values["query"]["box_xyxy"] == [40, 30, 50, 54]
    assert values["query"]["best_match"] == {"frame": 1, "detection": 1, "distance": 0}
    assert set(values["seconds"]) == {"loading", "reading", "detection", "embedding", "ranking", "report"}
    assert values["frames_per_second"] > 0 and summary.frames == 6
    assert scene.video_frames() == 6
    printed = capsys.readouterr()
    assert "re-identified in 100.0% of 3 later frames" in printed.out and "finding people" in printed.err
    assert all(str(scene.out / name) in printed.out for name in names)


def test_rankings_csv_equals_a_slow_loop(scene: Street) -> None:
    scene.run("input.query_frame=1", "ranking.metric=cosine")
    vectors = {person: np.array(color) / np.linalg.norm(color) for person, color in COLORS.items()}
    expected = []
    for row in scene.rows:
        frame, person, x, y = (int(value) for value in row.split(",")[:4])
        if frame - 1 > 1:
            expected.append([frame - 1, x, y, 1 - float(vectors[1] @ vectors[person])])
    found = scene.table()
    columns = ["frame", "detection", "x1", "y1", "x2", "y2", "score", "distance", "rank", "rank_in_frame"]
    assert list(found[0]) == columns
    ours = [[float(row[key]) for key in ("frame", "x1", "y1", "distance")] for row in found]
    np.testing.assert_allclose(ours, expected, atol=1e-6)
    order = sorted(range(len(found)), key=lambda i: (float(found[i]["distance"]), i))
    assert [int(found[i]["rank"]) for i in order] == list(range(1, len(found) + 1))
    for i, row in enumerate(found):
        rivals = [j for j in order if found[j]["frame"] == row["frame"]]
        assert int(row["rank_in_frame"]) == rivals.index(i) + 1


@pytest.mark.parametrize(("choice", "queries"), [("all", ["0", "1"]), ("[1,0]", ["1", "0"]), ("[1]", ["1"])])
def test_several_queries_have_a_query_column(scene: Street, choice: str, queries: list[str]) -> None:
    scene.run(f"input.query_detection={choice}")
    table = scene.table()
    assert next(iter(table[0])) == "query"
    assert list(dict.fromkeys(row["query"] for row in table)) == queries
    assert len(table) == 12 * len(queries)
    assert [str(query["detection"]) for query in scene.summary()["query"]] == queries
    assert scene.summary()["truth"]["queries"] == len(queries)


def test_the_batch_size_does_not_change_the_results(scene: Street, embedder: ColorEmbedder) -> None:
    scene.run("embedder.batch_size=4")
    tables = [(scene.out / "rankings.csv").read_text()]
    assert embedder.batches == [4, 4, 4, 2]  # crops of several frames share a batch
    scene.run("embedder.batch_size=64")
    tables.append((scene.out / "rankings.csv").read_text())
    assert embedder.batches[4:] == [14] and tables[0] == tables[1]


def test_matches_beyond_the_threshold_are_rejected(scene: Street, capsys: pytest.CaptureFixture[str]) -> None:
    scene.run("input.query_detection=1", "input.query_frame=3", "ranking.reject_above=0.5")
    assert scene.summary()["query"]["best_match"] is None  # person 2 has left
    assert {row["rank"] for row in scene.table()} == {"1", "2", "3", "4"}  # the ranks do not change
    assert "no match" in capsys.readouterr().out
    values = scene.summary()["truth"]
    assert (values["queries_scored"], values["refind_rate"]) == (0, None)


def test_resolved_settings_reproduce_the_run(scene: Street) -> None:
    scene.run("ranking.metric=cosine")
    before = (scene.out / "rankings.csv").read_text()
    again = load_settings(scene.out / "resolved.yml")
    assert again.ranking.metric == "cosine"
    pipeline.run_pipeline(again)
    assert (scene.out / "rankings.csv").read_text() == before


def test_without_ground_truth_there_are_no_metrics(scene: Street) -> None:
    scene.run("input.truth=null")
    assert "truth" not in scene.summary() and scene.summary()["query"]["person_id"] is None


def test_max_frames_and_frame_rate_of_the_video(scene: Street) -> None:
    scene.run("input.max_frames=3", "output.fps=12")
    assert scene.summary()["frames"] == scene.video_frames() == 3
    with av.open(str(scene.out / "annotated.mp4")) as container:
        assert container.streams.video[0].average_rate == 12


def test_boxes_and_truth_belong_to_the_number_in_the_file_name(scene: Street, caplog: pytest.LogCaptureFixture) -> None:
    """Images 101 to 106 without 104: boxes by file order would be cut from the next image."""
    for index in reversed(range(6)):
        file = scene.folder / "frames" / f"frame_{index:04d}.png"
        file.rename(file.with_name(f"{101 + index:06d}.png"))
    scene.rows = [f"{int(row.split(',')[0]) + 100},{row.partition(',')[2]}" for row in scene.rows]
    (scene.folder / "frames" / "000104.png").unlink()
    scene.run("input.query_detection=0")
    expected = {"rank1": 1, "map": 1, "refind_rate": 1, "frames_scored": 4, "queries": 1, "queries_scored": 1}
    assert scene.summary()["truth"] == expected and scene.summary()["frames"] == 5
    assert {row["frame"] for row in scene.table()} == {"1", "2", "3", "4"}  # in file order
    (note,) = [record.getMessage() for record in caplog.records if "missing" in record.getMessage()]
    assert "images are missing: 1 after 000103.png" in note


@pytest.mark.parametrize(("overrides", "seconds"), [([], [0, 2, 4, 4.1]), (["output.fps=2"], [0, 0.5, 1, 1.5])])
def test_the_video_keeps_the_times_of_the_frames(street: Street, overrides: list[str], seconds: list[float]) -> None:
    street.rows = [f"{frame},1,5,10,10,24,1" for frame in range(1, 5)]
    video = make_video(street.folder / "walk.mkv", times_s=[0, 2, 4, 4.1])
    street.run(f"input.frames_path={video}", *overrides)
    assert [frame.time_s for frame in VideoFrames(street.out / "annotated.mp4")] == seconds


def test_a_stream_is_read_once_and_its_credentials_are_written_nowhere(
    street: Street, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    street.rows = [f"{frame},1,5,10,10,24,1" for frame in range(1, 9)]
    with serve(make_video(street.folder / "walk.ts", 8)) as port:
        address = f"http://admin:pass%40word@127.0.0.1:{port}/1?token=geheim"
        with pytest.raises(UserError, match="give input.max_frames"):
            street.run(f"input.frames_path={address}")
        street.run(f"input.frames_path={address}", "input.max_frames=6")
    assert street.summary()["frames"] == street.video_frames() == street.summary()["truth"]["frames_scored"] + 1 == 6
    written = [file.read_text() for file in street.out.iterdir() if file.suffix in {".yml", ".json", ".csv"}]
    printed = capfd.readouterr()
    for text in [*written, printed.out, printed.err, caplog.text]:
        assert not any(secret in text for secret in ("admin", "pass%40word", "geheim"))
    assert load_settings(street.out / "resolved.yml").input.frames_path == f"http://***@127.0.0.1:{port}/1?token=***"


# problems with the input


@pytest.mark.parametrize(
    ("overrides", "answer"),
    [
        (["input.max_frames=1"], "nothing later to rank"),
        (["input.query_frame=40"], "query_frame=40: there are 6 frames, counted from 0"),
        (["input.query_frame=5"], "is the last of the 6 frames read"),
        (["input.query_frame=0", "input.query_detection=2"], "frame 0 has 2 persons; choose 0 to 1"),
        (["input.query_detection=7"], "frame 0 has 2 persons; choose 0 to 1"),
        (["embedder.weights={folder}/no.pth"], "no weights file"),
        (["embedder.name=osnet_x9"], "unknown model 'osnet_x9'"),
        (["detector.weights={folder}/no.txt"], "no weights file"),
        (["detector.min_score=1", "detector.weights={folder}/low.txt"], "no person was found in the 6 frames read"),
        (["input.frames_path={folder}/nowhere"], "nowhere"),
        (["input.truth={folder}/nowhere.txt"], "nowhere.txt"),
        (["output.folder={folder}/gt.txt"], "a file has this name"),
    ],
)
def test_each_input_problem_is_one_line(scene: Street, overrides: list[str], answer: str) -> None:
    (scene.folder / "low.txt").write_text("1,-1,5,10,10,24,0.3\n")
    with pytest.raises(UserError) as raised:
        scene.run(*(text.format(folder=scene.folder) for text in overrides))
    assert answer in str(raised.value) and "\n" not in str(raised.value)


def test_an_unwritable_folder_is_refused_before_any_work(scene: Street, embedder: ColorEmbedder) -> None:
    scene.out.write_text("in the way")
    with pytest.raises(UserError, match="output.folder"):
        scene.run("input.frames_path=does-not-matter")
    assert embedder.batches == []


@pytest.mark.parametrize(
    "overrides",
    [["detector.weights=no.onnx"], ["embedder.weights=no.pth"], ["input.frames_path=no"], ["input.query_frame=6"]],
)
def test_names_and_files_are_checked_before_a_network_is_loaded(
    scene: Street, overrides: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "load_networks", lambda *_: pytest.fail("networks were loaded"))
    with pytest.raises(UserError):
        scene.run(*overrides)


def test_the_default_query_is_in_the_first_frame_with_a_person(street: Street) -> None:
    for index in range(4):
        street.frame(index, {1: (20, 20), 2: (50, 20)} if index == 2 else {1: (20, 20)} if index else {})
    street.run()
    assert street.summary()["query"]["frame"] == 1
    street.run("input.query_detection=1")  # the first frame with two persons
    assert street.summary()["query"]["frame"] == 2


def test_a_query_that_is_not_detected_ends_the_run_after_its_frame_and_keeps_the_detections(
    scene: Street, embedder: ColorEmbedder
) -> None:
    scene.run()
    scene.rows = [row for row in scene.rows if not row.startswith("3,")]  # nobody is detected in frame 2
    with pytest.raises(UserError, match="query_frame=2: no person was found in that frame; the first frame .* is 0"):
        scene.run("input.query_frame=2", "embedder.batch_size=1")
    assert sum(embedder.batches[1:]) == 4  # the crops of frames 0 and 1
    assert scene.video_frames() == 3 and not (scene.out / "ranking.png").exists()
    assert [(row["frame"], row["distance"], row["rank"]) for row in scene.table()] == [(f, "", "") for f in "0011"]
    values = scene.summary()
    assert values["query"] is None and values["stopped_early"] and (values["frames"], values["detections"]) == (3, 4)


def test_a_detector_that_fails_midway_keeps_what_was_computed(scene: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    make = pipeline.create_detector

    def create(*args: Any, **named: Any) -> Callable[[Frame], Any]:
        detect = make(*args, **named)

        def fail(frame: Frame) -> Any:
            if frame.index == 3:
                raise UserError("the detector's process has ended")
            return detect(frame)

        return fail

    monkeypatch.setattr(pipeline, "create_detector", create)
    with pytest.raises(UserError, match="the detector's process has ended"):
        scene.run()
    assert scene.video_frames() == 3 and {row["frame"] for row in scene.table()} == {"1", "2"}
    assert scene.summary()["query"]["best_match"] is not None


def test_a_full_disk_keeps_the_results_that_fit(scene: Street, capsys: pytest.CaptureFixture[str]) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500, limits[1]))  # a larger file fails as on a full disk
        with pytest.raises(UserError, match=r"annotated\.mp4 cannot be written \(File too large\); free some space"):
            scene.run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert sorted(path.name for path in scene.out.iterdir()) == ["rankings.csv", "resolved.yml", "summary.json"]
    assert len(scene.table()) == 12 and "best match" in capsys.readouterr().out


def test_names_that_are_not_utf8(scene: Street) -> None:
    for frame in (scene.folder / "frames").iterdir():
        frame.rename(frame.with_name(os.fsdecode(b"Zo\xeb_") + frame.name))
    scene.out = scene.folder / os.fsdecode(b"Zo\xeb")
    scene.run()
    assert scene.video_frames() == 6 and scene.summary()["frames"] == 6
    assert load_settings(scene.out / "resolved.yml").output.folder == str(scene.out)


def test_broken_images_are_skipped_reported_and_counted(scene: Street, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (scene.folder / "frames" / "frame_0003.png").read_bytes()
    (scene.folder / "frames" / "frame_0003.png").write_bytes(whole[: len(whole) // 2])
    (scene.folder / "frames" / "frame_0009.jpg").write_text("not an image")
    scene.run()
    values = scene.summary()
    assert (values["frames"], values["frames_skipped"], scene.video_frames()) == (5, 2, 5)
    assert [line.split(":")[0] for line in values["skipped"]] == ["frame_0003.png", "frame_0009.jpg"]
    assert "frame_0003.png" in capsys.readouterr().out
    assert {row["frame"] for row in scene.table()} == {"1", "2", "4", "5"}  # the gap in the numbering stays


def test_frames_of_different_sizes(street: Street) -> None:
    street.frame(0, {1: (5, 10)})
    street.frame(1, {1: (15, 10)}, size=(61, 93))
    street.frame(2, {1: (5, 30)}, size=(200, 80))
    street.run()
    assert street.summary()["truth"]["refind_rate"] == 1 and street.video_frames() == 3


def test_boxes_partly_outside_are_clipped_and_empty_ones_dropped(street: Street) -> None:
    street.frame(0, {1: (20, 20)})
    street.frame(1, {1: (-4, 50)})  # 6 × 14 pixels of it are in the image
    street.rows += [
        "2,-1,30,30,0,24,1",
        "2,-1,30,30,0.3,20,1",
        "2,-1,200,200,10,10,1",
    ]  # smaller than a pixel or outside
    street.run()
    (row,) = street.table()
    assert [float(row[key]) for key in ("x1", "y1", "x2", "y2", "distance")] == [0, 50, 6, 64, 0]


def interrupt_at(monkeypatch: pytest.MonkeyPatch, name: str, frame_index: int) -> None:
    """Send Ctrl-C while a function of the pipeline processes a frame."""
    real = getattr(pipeline, name)

    def pressed(first: Any, *rest: Any) -> Any:
        if isinstance(first, Frame) and first.index == frame_index:
            os.kill(os.getpid(), signal.SIGINT)
        return real(first, *rest)

    monkeypatch.setattr(pipeline, name, pressed)


def test_ctrl_c_while_drawing_leaves_a_playable_video_and_all_other_results(
    scene: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.run()
    whole = (scene.out / "rankings.csv").read_text()
    interrupt_at(monkeypatch, "annotate_frame", 2)
    assert scene.run().stopped_early
    assert scene.video_frames() == 3 and (scene.out / "rankings.csv").read_text() == whole
    assert scene.summary()["stopped_early"] and scene.summary()["frames"] == 6
    assert Image.open(scene.out / "ranking.png").size[0] > 500


def interrupt_detection_at(monkeypatch: pytest.MonkeyPatch, frame_index: int) -> None:
    """Send Ctrl-C while the detector processes a frame."""
    make = pipeline.create_detector

    def create(*args: Any, **named: Any) -> Callable[[Frame], Any]:
        detect = make(*args, **named)

        def pressed(frame: Frame) -> Any:
            if frame.index == frame_index:
                os.kill(os.getpid(), signal.SIGINT)
            return detect(frame)

        return pressed

    monkeypatch.setattr(pipeline, "create_detector", create)


def test_ctrl_c_while_reading_ranks_the_detections_so_far(scene: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_detection_at(monkeypatch, 3)
    assert scene.run().stopped_early
    assert scene.summary()["frames"] == scene.video_frames() == 4
    assert {row["frame"] for row in scene.table()} == {"1", "2", "3"}
    assert scene.summary()["truth"]["frames_scored"] == 3  # unread frames are not scored


def test_ctrl_c_before_a_later_frame_is_an_error(scene: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_detection_at(monkeypatch, 0)
    with pytest.raises(UserError, match="is the last of the 1 frame read"):
        scene.run()
    assert scene.video_frames() == 1 and [row["frame"] for row in scene.table()] == ["0", "0"]


def test_a_wrong_detector_name_is_refused_before_frames_are_opened(
    scene: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "open_frames", lambda *_: pytest.fail("frames were opened"))
    with pytest.raises(UserError, match="did you mean 'yolox_onnx'"):
        scene.run("detector.name=yolox")


def test_only_a_few_frames_are_in_memory(scene: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    make, most = pipeline.open_frames, 0

    class Counted:
        """The real frames, counting the images still in memory."""

        def __init__(self, source: Any) -> None:
            self.source, self.skipped, self.frames_per_second, self.truth = source, [], None, None
            self.numbers = range(1, 61)

        def __len__(self) -> int:
            return 60

        def __iter__(self) -> Iterator[Frame]:
            nonlocal most
            alive: list[weakref.ref[np.ndarray]] = []
            first = next(iter(self.source)).image
            for index in range(60):
                image = first.copy()
                alive.append(weakref.ref(image))
                yield Frame(index, str(index), image)
                del image
                most = max(most, sum(ref() is not None for ref in alive))

    monkeypatch.setattr(pipeline, "open_frames", lambda *args: Counted(make(*args)))
    scene.rows = [f"{frame},{person},5,{10 * person},10,24,1" for frame in range(1, 61) for person in (1, 2)]
    scene.run("embedder.batch_size=1000")
    assert scene.summary()["frames"] == 60 and 1 <= most <= 3
