"""The pipeline: frames → detection → crops → embedding → retrieval → visualization.

The frames are read twice: first to detect and embed the people, then, once the matches are known, to draw them. Between
the two passes only boxes and embeddings are kept, so memory does not grow with the images.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from learning_reid.config.load import dump_settings
from learning_reid.config.schema import DetectorSettings, EmbedderSettings, RuntimeSettings, Settings
from learning_reid.detection.crops import crop_detections, crop_image
from learning_reid.detection.detections import Detector
from learning_reid.detection.registry import check_detector, create_detector
from learning_reid.device import seed_everything
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.operating_point import find_threshold
from learning_reid.embedding.registry import check_embedder, create_embedder
from learning_reid.errors import UserError
from learning_reid.frames.frame import DEFAULT_FRAME_RATE, Frame, FrameSource
from learning_reid.frames.mot import MotTable, read_mot
from learning_reid.frames.sources import open_frames
from learning_reid.io.atomic_write import write_text
from learning_reid.io.error_collector import ErrorCollector
from learning_reid.io.interrupt import InterruptHandler
from learning_reid.io.output_folder import prepare_folder
from learning_reid.io.progress import Stopwatch, progress_bar
from learning_reid.metrics.ground_truth import evaluate_rankings, true_identities
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.query_selection import QueryCheck, select_queries
from learning_reid.retrieval.ranking import Ranking, rank_later_detections
from learning_reid.visualization.annotation import annotate_frame
from learning_reid.visualization.ranking_image import draw_ranking, drawn_rows
from learning_reid.visualization.rankings_csv import write_rankings_csv
from learning_reid.visualization.summary import Summary, format_summary, summarize_queries, write_summary
from learning_reid.visualization.video_writer import VideoWriter

if TYPE_CHECKING:
    import supervision as sv


def run_pipeline(settings: Settings) -> Summary:
    """Find a person again in later frames, write the results into `output.folder` and print a summary.

    Ctrl-C ends reading or drawing after the current frame; the results then cover what was done until then.

    Raises:
        UserError: A setting or the input has a problem that the user can fix. A problem that appears only after frames
            were read, such as a query that is not detected, is raised after what was computed has been written.

    Example:
        ::

            from learning_reid.config import load_settings

            summary = run_pipeline(load_settings("confs/demo.yml", ["output.folder=output/demo"]))
            summary.query.best_match  # the nearest later detection
    """
    folder = prepare_folder(settings.output.folder)
    query = settings.input.query_frame, settings.input.query_detection
    watch = Stopwatch()
    with watch.stage("loading"):
        truth, reject_above, frames = open_inputs(settings)
        seed_everything(settings.runtime.seed)
        detector, embedder = load_networks(settings.detector, settings.embedder, settings.runtime)

    with ErrorCollector() as problems:
        detections, reading_stopped = detect_and_embed(
            frames, detector, embedder, settings.embedder.batch_size, watch, QueryCheck(*query).fails, problems
        )
        skipped, rankings = list(frames.skipped), []
        with watch.stage("ranking"), problems.step():
            queries = select_queries(detections, *query)
            metric = settings.ranking.metric
            rankings = [rank_later_detections(detections, row, metric, reject_above) for row in queries]
        identity = true_identities(detections, truth) if truth is not None else None
        with watch.stage("report"):
            drawing_stopped = write_results(folder, settings, frames, detections, rankings, identity, problems)
        stopped_early = reading_stopped or drawing_stopped or bool(problems.errors)
        summary = summarize(settings, detections, rankings, truth, identity, skipped, watch, stopped_early)
        with problems.step():
            write_summary(folder / "summary.json", summary)
        print(format_summary(summary, folder))
    return summary


def open_inputs(settings: Settings) -> tuple[MotTable | None, float | None, FrameSource]:
    """Check all names and files of the settings before a network is loaded.

    Returns:
        Ground truth, the threshold of `ranking.reject_above`, and the frames.
    """
    truth = None if settings.input.truth is None else read_mot(settings.input.truth)
    check_networks(settings.detector, settings.embedder)
    frames = open_frames(settings.input.frames_path, settings.input.max_frames)
    truth = frames.truth if truth is None else truth.match_frames(frames.numbers, str(settings.input.truth))
    if not len(frames) and settings.input.truth is not None:
        raise UserError("input.truth describes a fixed number of frames, and a stream has none; give input.max_frames")
    if len(frames) and (settings.input.query_frame or 0) >= len(frames):
        raise UserError(
            f"input.query_frame={settings.input.query_frame}: there are {len(frames)} frames, counted from 0; choose "
            "an earlier one, or leave it out to use the first frame with a person"
        )
    return truth, resolve_threshold(settings), frames


def resolve_threshold(settings: Settings) -> float | None:
    """Return `ranking.reject_above`; look it up, and log a note on its origin, if it is `calibrated`."""
    threshold = settings.ranking.reject_above
    if threshold != "calibrated":
        return threshold
    embedder = settings.embedder
    found = find_threshold(embedder.name, embedder.weights, settings.ranking.metric, required=True)
    assert found is not None  # it is required
    logging.getLogger(__name__).warning("note: %s", found.note)
    return found.distance


def check_networks(detector: DetectorSettings, embedder: EmbedderSettings) -> None:
    """Check names and weights files of the settings, and download published weights, without loading a network."""
    check_detector(detector.name, detector.weights)
    check_embedder(embedder.name, embedder.weights, embedder.backend)


def load_networks(
    detector: DetectorSettings, embedder: EmbedderSettings, runtime: RuntimeSettings
) -> tuple[Detector, Embedder]:
    """Create the detector and the embedder of the settings."""
    device, threads = runtime.device, runtime.threads
    return (
        create_detector(detector.name, detector.weights, detector.min_score, device, threads),
        create_embedder(embedder.name, embedder.weights, embedder.backend, embedder.batch_size, device, threads),
    )


def detect_and_embed(
    frames: FrameSource,
    detector: Detector,
    embedder: Embedder,
    batch_size: int,
    watch: Stopwatch,
    is_futile: Callable[[int, int], bool] = lambda frame, people: False,
    problems: ErrorCollector | None = None,
) -> tuple[PersonDetections, bool]:
    """Pass 1: detect people in every frame and embed their crops.

    Args:
        frames: The frames.
        detector, embedder: From `load_networks`.
        batch_size: Largest number of crops to embed at once.
        watch: Counts the time of each stage.
        is_futile: Called after each frame with its index and number of people; True ends the pass.
        problems: Collects an error that ends the pass after a frame was read; None = it is raised.

    Returns:
        All detections, and whether Ctrl-C ended the pass early.
    """
    collector = DetectionCollector(embedder, batch_size, watch)
    with InterruptHandler("stopping here; ranking the detections so far") as interrupt:
        try:
            for frame in progress_bar(watch.each("reading", frames), len(frames), "finding people"):
                with watch.stage("detection"):
                    detections = detector(frame)
                if is_futile(frame.index, collector.add(frame, detections)) or interrupt.requested:
                    break
        except UserError as error:
            if problems is None or not collector.has_frames:
                raise
            problems.errors.append(error)
        return collector.finish(), interrupt.requested


class DetectionCollector:
    """Collects the detections of frame after frame, and embeds crops of several frames in one batch.

    Args:
        embedder: Embeds the crops.
        batch_size: Number of crops in a batch.
        watch: Counts the time spent on embedding.
    """

    def __init__(self, embedder: Embedder, batch_size: int, watch: Stopwatch) -> None:
        self._embedder, self._batch_size, self._watch = embedder, batch_size, watch
        self._frames_read: list[int] = []
        self._numbers: list[tuple[int, int]] = []  # frame and detection
        self._boxes: list[np.ndarray] = []
        self._scores: list[float] = []
        self._crops: list[np.ndarray] = []  # not embedded yet
        self._embeddings = [np.zeros((0, embedder.dimension), np.float32)]

    def add(self, frame: Frame, detections: sv.Detections) -> int:
        """Add the detections of a frame, except boxes smaller than a pixel; return how many were added."""
        self._frames_read.append(frame.index)
        people = crop_detections(frame, detections)
        for number, (box, score, crop) in enumerate(people):
            self._numbers.append((frame.index, number))
            self._boxes.append(box)
            self._scores.append(score)
            self._crops.append(crop)
        while len(self._crops) >= self._batch_size:
            self._embed(self._batch_size)
        return len(people)

    @property
    def has_frames(self) -> bool:
        """Whether a frame was added."""
        return bool(self._frames_read)

    def finish(self) -> PersonDetections:
        """Embed the remaining crops and return all detections."""
        if self._crops:
            self._embed(len(self._crops))
        numbers = np.array(self._numbers, np.int64).reshape(-1, 2)
        return PersonDetections(
            frame=numbers[:, 0],
            detection=numbers[:, 1],
            boxes_xyxy=np.array(self._boxes, np.float32).reshape(-1, 4),
            score=np.array(self._scores, np.float32),
            embeddings=np.concatenate(self._embeddings),
            frames_read=np.array(self._frames_read, np.int64),
        )

    def _embed(self, count: int) -> None:
        with self._watch.stage("embedding"):
            self._embeddings.append(self._embedder(self._crops[:count]))
        del self._crops[:count]


def write_results(
    folder: Path,
    settings: Settings,
    frames: FrameSource,
    detections: PersonDetections,
    rankings: Sequence[Ranking],
    identity: np.ndarray | None,
    problems: ErrorCollector,
) -> bool:
    """Write tables, settings, video and image, each although another fails; return whether Ctrl-C ended the video."""
    stopped = False
    with problems.step():
        write_rankings_csv(folder / "rankings.csv", detections, rankings, has_query_list(settings))
    with problems.step():
        write_text(folder / "resolved.yml", dump_settings(settings))
    with problems.step():
        frame_rate = settings.output.fps or frames.frames_per_second or DEFAULT_FRAME_RATE
        keep_times = settings.output.fps is None
        crops, stopped = draw_video(folder / "annotated.mp4", frames, detections, rankings, frame_rate, keep_times)
        if rankings:
            draw_ranking(folder / "ranking.png", detections, rankings, crops, identity)
        else:
            (folder / "ranking.png").unlink(missing_ok=True)  # of an earlier run
    return stopped


def draw_video(
    path: Path,
    frames: FrameSource,
    detections: PersonDetections,
    rankings: Sequence[Ranking],
    frame_rate: float,
    keep_times: bool = True,
) -> tuple[dict[int, np.ndarray], bool]:
    """Pass 2: annotate every frame, and keep the crops that `draw_ranking` needs.

    Args:
        path: MP4 file to write.
        frames: The same as in pass 1.
        detections, rankings: What to draw.
        frame_rate: Of the video, unless the frames have times.
        keep_times: Use the frames' own presentation times, if they have some.

    Returns:
        Crop by row of the detections, and whether Ctrl-C ended the video early.
    """
    needed = drawn_rows(detections, rankings)
    crops: dict[int, np.ndarray] = {}
    last_frame = int(detections.frames_read[-1])
    with (
        InterruptHandler("ending the video here; writing the other results") as interrupt,
        VideoWriter(path, frame_rate) as video,
    ):
        for frame in progress_bar(frames, len(detections.frames_read), "drawing"):
            if frame.index > last_frame or (interrupt.requested and len(crops) == len(needed)):
                break
            for row in needed.intersection(detections.rows_of(frame.index).tolist()):
                crop = crop_image(frame.image, detections.boxes_xyxy[row])
                if crop is not None:
                    crops[row] = crop
            if not interrupt.requested:
                video.write(annotate_frame(frame, detections, rankings), frame.time_s if keep_times else None)
    return crops, interrupt.requested


def summarize(
    settings: Settings,
    detections: PersonDetections,
    rankings: Sequence[Ranking],
    truth: MotTable | None,
    identity: np.ndarray | None,
    skipped: list[str],
    watch: Stopwatch,
    stopped_early: bool,
) -> Summary:
    """Return the numbers of a run."""
    results = summarize_queries(detections, rankings, identity)
    num_frames = len(detections.frames_read)
    working_s = sum(seconds for stage, seconds in watch.seconds.items() if stage != "loading")
    return Summary(
        frames=num_frames,
        frames_skipped=len(skipped),
        skipped=skipped,
        detections=len(detections),
        query=results if has_query_list(settings) else next(iter(results), None),
        seconds={stage: round(seconds, 3) for stage, seconds in watch.seconds.items()},
        frames_per_second=round(num_frames / working_s, 3),
        truth=evaluate_rankings(detections, rankings, truth) if truth is not None and rankings else None,
        stopped_early=stopped_early,
    )


def has_query_list(settings: Settings) -> bool:
    """Return whether `input.query_detection` is a list or `all`, which changes the form of the results."""
    return not isinstance(settings.input.query_detection, int)
