"""The pipeline: frames → detection → crops → embedding → retrieval → visualization.

The frames are read twice: first to detect and embed the people, then, once the matches are known, to draw them. Between
the two passes only boxes and embeddings are kept, so memory does not grow with the images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from learning_reid.config.load import dump_settings
from learning_reid.config.schema import DetectorSettings, EmbedderSettings, RuntimeSettings, Settings
from learning_reid.detection.crops import crop_detections, crop_image
from learning_reid.detection.detections import Detector
from learning_reid.detection.registry import create_detector
from learning_reid.device import seed_everything
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.operating_point import find_threshold
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame, FrameSource
from learning_reid.frames.mot import MotTable, read_mot
from learning_reid.frames.sources import open_frames
from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.interrupt import InterruptHandler
from learning_reid.io.output_folder import prepare_folder
from learning_reid.io.progress import Stopwatch, progress_bar
from learning_reid.metrics.ground_truth import evaluate_rankings, true_identities
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.query_selection import select_queries
from learning_reid.retrieval.ranking import Ranking, rank_later_detections
from learning_reid.visualization.annotation import annotate_frame
from learning_reid.visualization.ranking_image import draw_ranking, drawn_rows
from learning_reid.visualization.rankings_csv import write_rankings_csv
from learning_reid.visualization.summary import Summary, format_summary, summarize_queries, write_summary
from learning_reid.visualization.video_writer import VideoWriter

if TYPE_CHECKING:
    import supervision as sv

DEFAULT_FRAME_RATE = 7.0  # of the video if neither settings nor source give one; PETS2009 has 7


def run_pipeline(settings: Settings) -> Summary:
    """Find a person again in later frames, write the results into `output.folder` and print a summary.

    Ctrl-C ends reading or drawing after the current frame; the results then cover what was done until then.

    Raises:
        UserError: A setting or the input has a problem that the user can fix.

    Example:
        ::

            from learning_reid.config import load_settings

            summary = run_pipeline(load_settings("confs/demo.yml", ["output.folder=output/demo"]))
            summary.query.best_match  # the nearest later detection
    """
    seed_everything(settings.runtime.seed)
    folder = prepare_folder(settings.output.folder)
    watch = Stopwatch()
    with watch.stage("loading"):
        truth = None if settings.input.truth is None else read_mot(settings.input.truth)
        reject_above = resolve_threshold(settings)
        detector, embedder = load_networks(settings.detector, settings.embedder, settings.runtime)
        frames = open_frames(settings.input.frames_path, settings.input.max_frames)
        truth = truth if truth is not None else frames.truth

    detections, reading_stopped = detect_and_embed(frames, detector, embedder, settings.embedder.batch_size, watch)
    skipped = list(frames.skipped)

    with watch.stage("ranking"):
        if reading_stopped and not np.any(detections.frames_read > settings.input.query_frame):
            raise UserError("stopped before a frame later than input.query_frame was read; nothing was written")
        queries = select_queries(detections, settings.input.query_frame, settings.input.query_detection)
        rankings = [rank_later_detections(detections, row, settings.ranking.metric, reject_above) for row in queries]
        identity = true_identities(detections, truth) if truth is not None else None

    with watch.stage("report"):
        drawing_stopped = write_results(folder, settings, frames, detections, rankings, identity)

    stopped_early = reading_stopped or drawing_stopped
    summary = summarize(settings, detections, rankings, truth, identity, skipped, watch, stopped_early)
    write_summary(folder / "summary.json", summary)
    print(format_summary(summary, folder))
    return summary


def resolve_threshold(settings: Settings) -> float | None:
    """Return `ranking.reject_above`, looked up beside the weights if it is `calibrated`."""
    threshold = settings.ranking.reject_above
    if threshold != "calibrated":
        return threshold
    embedder = settings.embedder
    found = find_threshold(embedder.name, embedder.weights, settings.ranking.metric, required=True)
    assert found is not None  # it is required
    return found.distance


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
    frames: FrameSource, detector: Detector, embedder: Embedder, batch_size: int, watch: Stopwatch
) -> tuple[PersonDetections, bool]:
    """Pass 1: detect people in every frame and embed their crops.

    Returns:
        All detections, and whether Ctrl-C ended the pass early.
    """
    collector = DetectionCollector(embedder, batch_size, watch)
    with InterruptHandler("stopping here; ranking the detections so far") as interrupt:
        for frame in progress_bar(watch.each("reading", frames), len(frames), "finding people"):
            with watch.stage("detection"):
                detections = detector(frame)
            collector.add(frame, detections)
            if interrupt.requested:
                break
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

    def add(self, frame: Frame, detections: sv.Detections) -> None:
        """Add the detections of a frame, except boxes smaller than a pixel."""
        self._frames_read.append(frame.index)
        for number, (box, score, crop) in enumerate(crop_detections(frame, detections)):
            self._numbers.append((frame.index, number))
            self._boxes.append(box)
            self._scores.append(score)
            self._crops.append(crop)
        while len(self._crops) >= self._batch_size:
            self._embed(self._batch_size)

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
) -> bool:
    """Write tables, settings, video and image; return whether Ctrl-C ended the video early."""
    write_rankings_csv(folder / "rankings.csv", detections, rankings, has_query_list(settings))
    with atomic_write(folder / "resolved.yml") as temporary:
        temporary.write_text(dump_settings(settings), encoding="utf-8")
    frame_rate = settings.output.fps or frames.frames_per_second or DEFAULT_FRAME_RATE
    crops, stopped = draw_video(folder / "annotated.mp4", frames, detections, rankings, frame_rate)
    draw_ranking(folder / "ranking.png", detections, rankings, crops, identity)
    return stopped


def draw_video(
    path: Path, frames: FrameSource, detections: PersonDetections, rankings: Sequence[Ranking], frame_rate: float
) -> tuple[dict[int, np.ndarray], bool]:
    """Pass 2: annotate every frame, and keep the crops that `draw_ranking` needs.

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
                video.write(annotate_frame(frame, detections, rankings))
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
        query=results if has_query_list(settings) else results[0],
        seconds={stage: round(seconds, 3) for stage, seconds in watch.seconds.items()},
        frames_per_second=round(num_frames / working_s, 3),
        truth=evaluate_rankings(detections, rankings, truth) if truth is not None else None,
        stopped_early=stopped_early,
    )


def has_query_list(settings: Settings) -> bool:
    """Return whether `input.query_detection` is a list or `all`, which changes the form of the results."""
    return not isinstance(settings.input.query_detection, int)
