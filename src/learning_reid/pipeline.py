"""The walk-through: frames → detection → crops → embedding → ranking → report.

The frames are read twice: first to find and describe the people, then, once it is known who is who, to draw. Between
the two only boxes and embeddings are kept, so the memory needed does not grow with the pictures.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import supervision as sv

from learning_reid.config.load import dump_settings
from learning_reid.config.schema import DetectorSettings, EmbedderSettings, RuntimeSettings, Settings
from learning_reid.detection.crops import crop_image, crop_detections
from learning_reid.detection.detections import Detector
from learning_reid.detection.registry import create_detector
from learning_reid.device import seed_everything
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.operating_point import load_operating_point
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame, FrameSource
from learning_reid.frames.mot import read_mot
from learning_reid.frames.sources import open_frames
from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.output_folder import prepare_folder
from learning_reid.io.interrupt import InterruptHandler
from learning_reid.io.progress import Stopwatch, progress_bar
from learning_reid.metrics.ground_truth import evaluate_rankings, true_identities
from learning_reid.retrieval.select_queries import select_queries
from learning_reid.retrieval.ranking import Ranking, rank_later_detections
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.visualization.annotation import annotate_frame
from learning_reid.visualization.rankings_csv import write_rankings_csv
from learning_reid.visualization.ranking_image import draw_ranking, drawn_rows
from learning_reid.visualization.summary import Summary, summarize_queries, format_summary, write_summary
from learning_reid.visualization.video_writer import VideoWriter

FRAMES_PER_SECOND = 7.0  # of the video, where neither settings nor source name a rate: that of PETS2009


def run_pipeline(settings: Settings) -> Summary:
    """Find a person again in later frames, write the outputs into `output.folder` and print a short table.

    Ctrl-C ends reading or drawing after the current frame; the outputs then hold what was done until there.

    Raises:
        UserError: anything about the input or the settings that the reader can mend.
    """
    seed_everything(settings.runtime.seed)
    folder = prepare_folder(settings.output.folder)
    watch = Stopwatch()
    with watch.stage("loading"):
        truth = None if settings.input.truth is None else read_mot(settings.input.truth)
        reject_above = find_threshold(settings)
        detector, embedder = load_networks(settings.detector, settings.embedder, settings.runtime)
        frames = open_frames(settings.input.frames_path, settings.input.max_frames)
        truth = truth if truth is not None else frames.truth

    seen, stopped = find_people(frames, detector, embedder, settings.embedder.batch_size, watch)
    skipped = list(frames.skipped)

    with watch.stage("ranking"):
        if stopped and not np.any(seen.frames_read > settings.input.query_frame):
            raise UserError("stopped before a frame later than input.query_frame was read; nothing was written")
        queries = select_queries(seen, settings.input.query_frame, settings.input.query_detection)
        rankings = [rank_later_detections(seen, row, settings.ranking.metric, reject_above) for row in queries]
        identity = true_identities(seen, truth) if truth is not None else None

    with watch.stage("report"):
        several = not isinstance(settings.input.query_detection, int)
        write_rankings_csv(folder / "rankings.csv", seen, rankings, several)
        with atomic_write(folder / "resolved.yml") as part:
            part.write_text(dump_settings(settings), encoding="utf-8")
        rate = settings.output.fps or frames.frames_per_second or FRAMES_PER_SECOND
        crops, cut_short = draw_video(folder / "annotated.mp4", frames, seen, rankings, rate)
        draw_ranking(folder / "ranking.png", seen, rankings, crops, identity)

    described = summarize_queries(seen, rankings, identity)
    working = sum(spent for stage, spent in watch.seconds.items() if stage != "loading")
    summary = Summary(
        frames=len(seen.frames_read),
        frames_skipped=len(skipped),
        skipped=skipped,
        detections=len(seen),
        query=described if several else described[0],
        seconds={stage: round(spent, 3) for stage, spent in watch.seconds.items()},
        frames_per_second=round(len(seen.frames_read) / working, 3),
        truth=evaluate_rankings(seen, rankings, truth) if truth is not None else None,
        stopped_early=stopped or cut_short,
    )
    write_summary(folder / "summary.json", summary)
    print(format_summary(summary, folder))
    return summary


def find_threshold(settings: Settings) -> float | None:
    """The distance from which on the answer is "not here", looked up where the setting says `calibrated`."""
    threshold = settings.ranking.reject_above
    if threshold != "calibrated":
        return threshold
    model = settings.embedder
    return load_operating_point(model.name, model.weights, settings.ranking.metric).search_threshold


def load_networks(
    detector: DetectorSettings, embedder: EmbedderSettings, runtime: RuntimeSettings
) -> tuple[Detector, Embedder]:
    """Create the detector and the embedder that the settings name."""
    device, threads = runtime.device, runtime.threads
    return (
        create_detector(detector.name, detector.weights, detector.min_score, device, threads),
        create_embedder(embedder.name, embedder.weights, embedder.backend, embedder.batch_size, device, threads),
    )


def find_people(
    frames: FrameSource, detector: Detector, embedder: Embedder, batch_size: int, watch: Stopwatch
) -> tuple[PersonDetections, bool]:
    """First reading: where is somebody, and who-like?

    Returns:
        Everybody seen, and whether Ctrl-C ended the reading early.
    """
    people = PeopleSeen(embedder, batch_size, watch)
    with InterruptHandler("stopping here; ranking what was seen so far") as stop:
        for frame in progress_bar(watch.each("reading", frames), len(frames), "finding people"):
            with watch.stage("detection"):
                found = detector(frame)
            people.add(frame, found)
            if stop.requested:
                break
        return people.sightings(), stop.requested


class PeopleSeen:
    """Gathers the people of one frame after another; crops of several frames go through the network in one batch.

    Args:
        embedder: describes the crops.
        batch_size: how many crops wait for each other.
        watch: told of the time spent embedding.
    """

    def __init__(self, embedder: Embedder, batch_size: int, watch: Stopwatch) -> None:
        self._embedder, self._batch_size, self._watch = embedder, batch_size, watch
        self._frames_read: list[int] = []
        self._places: list[tuple[int, int]] = []  # frame and detection
        self._boxes: list[np.ndarray] = []
        self._scores: list[float] = []
        self._crops: list[np.ndarray] = []  # not embedded yet
        self._embeddings = [np.zeros((0, embedder.dimension), np.float32)]

    def add(self, frame: Frame, found: sv.Detections) -> None:
        """Keep the people of a frame; one of less than a pixel shows nobody and is left out."""
        self._frames_read.append(frame.index)
        for number, (box, score, crop) in enumerate(crop_detections(frame, found)):
            self._places.append((frame.index, number))
            self._boxes.append(box)
            self._scores.append(score)
            self._crops.append(crop)
        while len(self._crops) >= self._batch_size:
            self._embed(self._batch_size)

    def sightings(self) -> PersonDetections:
        """Everybody seen until now."""
        if self._crops:
            self._embed(len(self._crops))
        where = np.array(self._places, np.int64).reshape(-1, 2)
        return PersonDetections(
            frame=where[:, 0],
            detection=where[:, 1],
            boxes_xyxy=np.array(self._boxes, np.float32).reshape(-1, 4),
            score=np.array(self._scores, np.float32),
            embeddings=np.concatenate(self._embeddings),
            frames_read=np.array(self._frames_read, np.int64),
        )

    def _embed(self, count: int) -> None:
        with self._watch.stage("embedding"):
            self._embeddings.append(self._embedder(self._crops[:count]))
        del self._crops[:count]


def draw_video(
    path: Path, frames: FrameSource, seen: PersonDetections, rankings: Sequence[Ranking], frames_per_second: float
) -> tuple[dict[int, np.ndarray], bool]:
    """Second reading: draw every frame that was seen, and keep the few crops that the ranked strip shows.

    Returns:
        Crop by row of the sightings, and whether Ctrl-C ended the video early.
    """
    wanted = drawn_rows(seen, rankings)
    crops: dict[int, np.ndarray] = {}
    last = int(seen.frames_read[-1])
    with (
        InterruptHandler("ending the video here; finishing the rest") as stop,
        VideoWriter(path, frames_per_second) as video,
    ):
        for frame in progress_bar(frames, len(seen.frames_read), "drawing"):
            if frame.index > last or (stop.requested and len(crops) == len(wanted)):
                break
            for row in wanted.intersection(seen.rows_of(frame.index).tolist()):
                crop = crop_image(frame.image, seen.boxes_xyxy[row])
                if crop is not None:
                    crops[row] = crop
            if not stop.requested:
                video.write(annotate_frame(frame, seen, rankings))
    return crops, stop.requested
