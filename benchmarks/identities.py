"""Evaluate tracking and cross-camera re-identification: generated streets with three cameras, and real frames.

    python benchmarks/identities.py [--seeds 4001 4002 4003]

Twelve people walk past two of three cameras, turn out of view, and come back; the embedded weights detect and embed
them. The rules and thresholds were chosen on streets of other seeds (3001 to 3006). With REID_REAL_DATA set, the 200
frames of PETS2009 S2.L1 are evaluated too, with YOLOX-nano and OSNet x0.25 (MSMT17); nothing was chosen on them.
"IoU only": tracklets are built without appearance; all else is the same. "Pair threshold": the looser threshold, which
transit times may permit. IDF1 of motmetrics is printed beside ours if the package is installed; for "one-to-one" each
detection counts only for the true box it overlaps most.
"""

import argparse
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from learning_reid.detection.detections import Detector
from learning_reid.detection.registry import create_detector
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.operating_point import load_operating_point
from learning_reid.embedding.registry import create_embedder
from learning_reid.frames.frame import Frame
from learning_reid.frames.mot import MotTable, read_mot
from learning_reid.frames.sources import open_frames
from learning_reid.frames.synthetic import truth_table
from learning_reid.io.progress import Stopwatch
from learning_reid.metrics.detection import iou_matrix
from learning_reid.metrics.reidentification import IGNORED
from learning_reid.pipeline import DetectionCollector
from learning_reid.retrieval.neighbors import search
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.tracking import (
    CameraTruth,
    DetectionTable,
    cluster_detections,
    match_ground_truth,
    score_clustering,
)
from reid_synth.world.camera_view import concat_truth
from reid_synth.world.trips import Trip
from reid_synth.world.walkers import smooth_path
from reid_synth.world.world import SPACING_M, World, WorldPlan

PLAN = WorldPlan(cameras=3, people=12, frames=270, frames_per_second=3.5)
TURNS = ((1, 1.5), (-1, 0.5), (1, 2.5), (-1, -0.5))  # direction, and turning point in camera spacings
TRANSIT_S = {(0, 1): 4.0, (1, 2): 4.0, (0, 2): 20.0}  # 12 m and 40 m out of view, at 2 m/s or more
REAL_FRAMES, REAL_TRUTH = "frames/pets2009_s2l1/View_001", "frames/pets2009_s2l1/gt.txt"
REAL_RATE = 7.0
Truth = dict[str, CameraTruth]
Row = dict[str, float]


def create_returning_world(seed: int, plan: WorldPlan = PLAN) -> World:
    """Create a street on which all people turn around between two cameras, or behind the last, and walk back."""
    world, rng = World(seed, plan), np.random.default_rng([seed, 2077])
    people, trips, groups = [trip.person for trip in world.trips], [], 0
    while len(trips) < len(people):
        size = min(int(rng.choice((1, 1, 2))), len(people) - len(trips))
        direction, spacings = TURNS[groups % len(TURNS)]
        path, turn_m = _round_trip(spacings * SPACING_M + rng.uniform(-2, 2), direction, rng)
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        speed = float(rng.uniform(1.05, 1.5))
        start_m = along[turn_m] - speed * plan.duration_s * rng.uniform(0.35, 0.65)
        for position in range(size):
            behind_m = float(rng.normal(0, 0.25)) if size > 1 else 0.0
            trips.append(
                Trip(
                    len(trips) + 1, people[len(trips)], path, along, speed, start_m - behind_m, stop_m=0.0, stop_s=0.0,
                    stop_turn=0.0, lateral_offset_m=float((position - (size - 1) / 2) * rng.uniform(0.6, 0.85)),
                    seed=int(rng.integers(2**31)),
                )
            )  # fmt: skip
        groups += 1
    world.trips = trips
    return world


def _round_trip(turn_x: float, direction: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Return a path (n, 2) in meters, along the road and back in another lane; and the index of its turning point."""
    out, back = rng.uniform(-3.4, 3.4, 2)
    if abs(out - back) < 1.5:
        back = out + (1.5 if out < 0 else -1.5)
    far, middle, near = (turn_x - direction * meters for meters in (90, 45, 1.5))
    corners = [(far, out), (middle, out + rng.uniform(-0.5, 0.5)), (near, out), (turn_x, (out + back) / 2)]
    corners += [(near, back), (middle, back + rng.uniform(-0.5, 0.5)), (far, back)]
    path = smooth_path(np.array(corners))
    return path, int(np.argmax(direction * path[:, 0]))


def detect_people(
    cameras: Sequence[tuple[str, float, Iterable[Frame]]], detector: Detector, embedder: Embedder
) -> DetectionTable:
    """Detect and embed all people in the frames of some cameras (name, frames per second, frames)."""
    by_camera: list[PersonDetections] = []
    for _, _, frames in cameras:
        people = DetectionCollector(embedder, 64, Stopwatch())
        for frame in frames:
            people.add(frame, detector(frame))
        by_camera.append(people.finish())
    camera = np.repeat(np.arange(len(by_camera)), [len(one) for one in by_camera])
    index = np.concatenate([one.frame for one in by_camera])
    rates = np.array([rate for _, rate, _ in cameras])
    boxes, score, embeddings = (
        np.concatenate([getattr(one, name) for one in by_camera]) for name in ("boxes_xyxy", "score", "embeddings")
    )
    return DetectionTable(
        np.arange(len(camera)), camera, 100_000 * camera + index, index, index / rates[camera], boxes, score,
        embeddings, tuple(name for name, _, _ in cameras),
    )  # fmt: skip


def generated_street(seed: int) -> tuple[DetectionTable, Truth]:
    """Return the detections on a generated street and the ground truth."""
    world, names = create_returning_world(seed), [f"View_{number:03d}" for number in range(1, PLAN.cameras + 1)]
    labels: dict[str, list] = {name: [] for name in names}

    def frames(index: int, name: str) -> Iterable[Frame]:
        view = world.view(index)
        for number in tqdm(range(PLAN.frames), f"street {seed}, {name}", leave=False):
            image, *truth = view.render(number)
            labels[name].append(tuple(truth))
            yield Frame(number, str(number), image)

    detector, embedder = create_detector("torchvision_frcnn"), create_embedder("osnet_x0_25", "embedded")
    cameras = [(name, PLAN.frames_per_second, frames(index, name)) for index, name in enumerate(names)]
    people = detect_people(cameras, detector, embedder)
    all_frames = frozenset(range(PLAN.frames))
    return people, {name: CameraTruth(truth_table(concat_truth(rows)), all_frames) for name, rows in labels.items()}


def real_street(folder: Path) -> tuple[DetectionTable, Truth]:
    """Return the detections in the real frames and the ground truth."""
    detector = create_detector("yolox_onnx", str(folder / "detectors/yolox_nano_coco.onnx"))
    embedder = create_embedder("osnet_x0_25", str(folder / "weights/osnet_x0_25_msmt17.pth"))
    frames = open_frames(folder / REAL_FRAMES)
    people = detect_people([("View_001", REAL_RATE, tqdm(frames, "real frames", leave=False))], detector, embedder)
    return people, {"View_001": CameraTruth(read_mot(folder / REAL_TRUTH), frozenset(range(len(frames))))}


def cross_camera_rank1(people: DetectionTable, truth: Truth) -> float:
    """Return the share of detections whose nearest neighbor in the other cameras is the same person."""
    true, _ = match_ground_truth(people, truth)
    correct = []
    for camera in np.unique(people.camera):
        query, gallery = (people.camera == camera) & (true >= 0), (people.camera != camera) & (true != IGNORED)
        query &= np.isin(true, true[gallery])
        rows = search(people.embeddings[query], people.embeddings[gallery], k=1).indices
        correct.append(true[gallery][rows[:, 0]] == true[query])
    return float(np.concatenate(correct).mean())


def measure(
    people: DetectionTable,
    truth: Truth,
    threshold: float | None,
    transit_s: dict | None = None,
    appearance: bool = True,
) -> Row:
    """Cluster the detections and score the result."""
    clustering = cluster_detections(people, threshold, transit_s, appearance)
    scores = score_clustering(people, clustering, truth).as_json()
    peer = idf1_of_motmetrics(people, clustering.person, truth)
    return scores | ({} if peer is None else {"idf1_motmetrics": peer})


def idf1_of_motmetrics(people: DetectionTable, person: np.ndarray, truth: Truth) -> float | None:
    """Return IDF1 of motmetrics, from the overlaps of all boxes; None if it is not installed."""
    try:
        import motmetrics
    except ImportError:
        return None
    counted, events = match_ground_truth(people, truth)[0] != IGNORED, motmetrics.MOTAccumulator(auto_id=True)
    for name, camera in truth.items():
        here = counted & (person >= 0) & (people.camera == people.cameras.index(name))
        for index in sorted(camera.frames):
            true: MotTable = camera.table.at(index)
            visible, rows = true.score != 0, np.flatnonzero(here & (people.index == index))
            iou_distance = 1 - iou_matrix(true.boxes_xyxy[visible], people.boxes_xyxy[rows])
            events.update(true.person_id[visible], person[rows], np.where(iou_distance <= 0.5, iou_distance, np.nan))
    summary = motmetrics.metrics.create().compute(events, metrics=["idf1"], name="all")
    return float(summary["idf1"].iloc[0])


def main() -> None:
    """Measure everything and print a table; the last line of the output is a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seeds", type=int, nargs="*", default=[4001, 4002, 4003], help="seeds of the generated streets"
    )
    options = parser.parse_args()
    rows: dict[str, Row] = {}
    point = load_operating_point("osnet_x0_25", "embedded", "euclidean")
    threshold, kinds = point.search_threshold, ("", ", transit times", ", transit, pair threshold", ", IoU only")
    for seed in options.seeds:
        people, truth = generated_street(seed)
        rank1 = {"search_rank1": cross_camera_rank1(people, truth)}
        rows[f"street {seed}"] = measure(people, truth, threshold) | rank1
        rows[f"street {seed}, transit times"] = measure(people, truth, threshold, TRANSIT_S) | rank1
        rows[f"street {seed}, transit, pair threshold"] = (
            measure(people, truth, point.pair_threshold, TRANSIT_S) | rank1
        )
        rows[f"street {seed}, IoU only"] = measure(people, truth, threshold, appearance=False) | rank1
    for kind in kinds if len(options.seeds) > 1 else ():
        some = [rows[f"street {seed}{kind}"] for seed in options.seeds]
        rows[f"{len(some)} streets (mean){kind}"] = {key: float(np.mean([row[key] for row in some])) for key in some[0]}
    folder = Path(os.environ.get("REID_REAL_DATA") or "nowhere")
    if (folder / REAL_TRUTH).is_file():
        people, truth = real_street(folder)
        rows["200 real frames"] = measure(people, truth, None)
        rows["200 real frames, IoU only"] = measure(people, truth, None, appearance=False)
    columns = {
        "idf1": "IDF1",
        "idf1_motmetrics": "(motmetrics)",
        "idf1_one_to_one": "one-to-one",
    }
    columns |= {
        "pairwise_f1": "pair F1",
        "tracklet_purity": "purity",
        "search_rank1": "rank-1",
        "found": "found",
        "false_alarms": "false",
    }
    heads = "".join(f"{head:>13s}" for head in columns.values())
    print(f"\n{'in percent':40s}{heads}  tracklets  persons of  switches")
    for name, row in rows.items():
        shares = "".join(f"{100 * row[key]:13.1f}" if key in row else f"{'':13s}" for key in columns)
        persons = f"{row['persons']:9.4g} {row['true_persons']:2.4g}"
        print(f"{name:40s}{shares}{row['tracklets']:11.4g}{persons}{row['switches']:10.4g}")
    print(json.dumps({name: {key: round(value, 4) for key, value in row.items()} for name, row in rows.items()}))


if __name__ == "__main__":
    main()
