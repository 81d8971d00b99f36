"""The walk-through: frames → detection → crops → embedding → ranking → report.

The frames are read twice: first to find and describe the people, then, once it is known who is who, to draw. Between
the two only boxes and embeddings are kept, so the memory needed does not grow with the pictures.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.detection.crops import cut_crop
from src.detection.detections import Detector
from src.detection.registry import create_detector
from src.embedding.embedder import Embedder
from src.embedding.registry import create_embedder
from src.frames.frame import FrameSource
from src.frames.mot import read_mot
from src.frames.open import open_frames
from src.ranking.query import choose_queries
from src.ranking.rank import Ranking, rank_later
from src.ranking.sightings import Sightings
from src.report.annotation import annotate
from src.report.files import prepare_folder, replacing
from src.report.progress import Stopwatch, stop_on_ctrl_c, with_bar
from src.report.strip import draw_strip, strip_rows
from src.report.summary import Summary, describe_queries, summary_text, write_summary
from src.report.tables import write_rankings
from src.report.truth import score_rankings, true_identities
from src.report.video import VideoWriter
from src.settings.load import dump_settings
from src.settings.schema import Settings

FRAMES_PER_SECOND = 7.0  # of the video, where neither settings nor source name a rate: that of PETS2009


def run_walkthrough(settings: Settings) -> Summary:
    """Find a person again in later frames, write the outputs into `output.folder` and print a short table.

    Ctrl-C ends reading or drawing after the current frame; the outputs then hold what was done until there.

    Raises:
        UserError: anything about the input or the settings that the reader can mend.
    """
    folder = prepare_folder(settings.output.folder)
    watch = Stopwatch()
    with watch.stage("loading"):
        frames = open_frames(settings.input.frames_path, settings.input.max_frames)
        truth = frames.truth if settings.input.truth is None else read_mot(settings.input.truth)
        detector = create_detector(
            settings.detector.name, settings.detector.weights, settings.detector.min_score,
            device=settings.runtime.device, threads=settings.runtime.threads,
        )  # fmt: skip
        embedder = create_embedder(
            settings.embedder.name, settings.embedder.weights, settings.embedder.backend, settings.embedder.batch_size,
            device=settings.runtime.device, threads=settings.runtime.threads,
        )  # fmt: skip

    seen, stopped = find_people(frames, detector, embedder, settings.embedder.batch_size, watch)
    skipped = list(frames.skipped)

    with watch.stage("ranking"):
        queries = choose_queries(seen, settings.input.query_frame, settings.input.query_detection)
        rankings = [rank_later(seen, row, settings.ranking.metric, settings.ranking.reject_above) for row in queries]
        identity = None if truth is None else true_identities(seen, truth)
        scores = None if truth is None else score_rankings(seen, rankings, identity, truth)

    with watch.stage("report"):
        several = not isinstance(settings.input.query_detection, int)
        write_rankings(folder / "rankings.csv", seen, rankings, several)
        with replacing(folder / "resolved.yml") as part:
            part.write_text(dump_settings(settings), encoding="utf-8")
        rate = settings.output.fps or frames.frames_per_second or FRAMES_PER_SECOND
        crops, cut_short = draw_video(folder / "annotated.mp4", frames, seen, rankings, rate)
        draw_strip(folder / "ranking.png", seen, rankings, crops, identity)

    described = describe_queries(seen, rankings, identity)
    working = sum(spent for stage, spent in watch.seconds.items() if stage != "loading")
    summary = Summary(
        frames=len(seen.frames_read),
        frames_skipped=len(skipped),
        skipped=skipped,
        detections=len(seen),
        query=described if several else described[0],
        seconds={stage: round(spent, 3) for stage, spent in watch.seconds.items()},
        frames_per_second=round(len(seen.frames_read) / working, 3),
        truth=scores,
        stopped_early=stopped or cut_short,
    )
    write_summary(folder / "summary.json", summary)
    print(summary_text(summary, folder))
    return summary


def find_people(
    frames: FrameSource, detector: Detector, embedder: Embedder, batch_size: int, watch: Stopwatch
) -> tuple[Sightings, bool]:
    """First reading: where is somebody, and who-like? Crops of several frames are embedded together.

    Returns:
        Everybody seen, and whether Ctrl-C ended the reading early.
    """
    frames_read: list[int] = []
    places: list[tuple[int, int]] = []  # frame and detection
    boxes, scores, waiting = [], [], []
    embeddings = [np.zeros((0, embedder.dimension), np.float32)]
    with stop_on_ctrl_c("stopping here; ranking what was seen so far") as stop:
        for frame in with_bar(watch.each("reading", frames), len(frames), "finding people"):
            frames_read.append(frame.index)
            with watch.stage("detection"):
                found = detector(frame)
            cut = [cut_crop(frame.image, box) for box in found.xyxy]
            kept = [i for i, crop in enumerate(cut) if crop is not None]  # less than a pixel shows nobody
            places += [(frame.index, number) for number in range(len(kept))]
            boxes += [found.xyxy[i] for i in kept]
            scores += [found.confidence[i] for i in kept]
            waiting += [cut[i] for i in kept]
            with watch.stage("embedding"):
                while len(waiting) >= batch_size:
                    embeddings.append(embedder(waiting[:batch_size]))
                    del waiting[:batch_size]
            if stop.requested:
                break
        with watch.stage("embedding"):
            embeddings.append(embedder(waiting))
    where = np.array(places, np.int64).reshape(-1, 2)
    sightings = Sightings(
        frame=where[:, 0],
        detection=where[:, 1],
        boxes_xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        score=np.array(scores, np.float32),
        embeddings=np.concatenate(embeddings),
        frames_read=np.array(frames_read, np.int64),
    )
    return sightings, stop.requested


def draw_video(
    path: Path, frames: FrameSource, seen: Sightings, rankings: Sequence[Ranking], frames_per_second: float
) -> tuple[dict[int, np.ndarray], bool]:
    """Second reading: draw every frame that was seen, and keep the few crops that the ranked strip shows.

    Returns:
        Crop by row of the sightings, and whether Ctrl-C ended the video early.
    """
    wanted = strip_rows(seen, rankings)
    crops: dict[int, np.ndarray] = {}
    last = int(seen.frames_read[-1])
    with (
        stop_on_ctrl_c("ending the video here; finishing the rest") as stop,
        VideoWriter(path, frames_per_second) as video,
    ):
        for frame in with_bar(frames, len(seen.frames_read), "drawing"):
            if frame.index > last or (stop.requested and len(crops) == len(wanted)):
                break
            for row in wanted.intersection(seen.rows_of(frame.index).tolist()):
                crop = cut_crop(frame.image, seen.boxes_xyxy[row])
                if crop is not None:
                    crops[row] = crop
            if not stop.requested:
                video.write(annotate(frame, seen, rankings))
    return crops, stop.requested
