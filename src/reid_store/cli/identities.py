"""Cluster the stored detections into persons across cameras and times."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.cli import _options as options
from learning_reid.cli._model import DecisionThreshold, choose_threshold
from learning_reid.errors import UserError
from reid_store.cli import _store
from reid_store.config import StoreSettings

if TYPE_CHECKING:
    import numpy as np

    from learning_reid.tracking.identities import Clustering, DetectionTable
    from learning_reid.tracking.scoring import ClusteringScores


def run(
    threshold: options.Threshold = None,
    transit: Annotated[
        Path | None,
        typer.Option(
            help="YAML file of minimum transit times in seconds, `CAMERA: {OTHER: 20}`; 0 = views do not overlap.",
            show_default=False,
        ),
    ] = None,
    truth: Annotated[
        list[str] | None,
        typer.Option(metavar="CAMERA=gt.txt", help="Ground truth of a camera to score against. Repeatable."),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NUMBER=NAME", help="Only set the name of a person. Repeatable."),
    ] = None,
    lose_names: Annotated[
        bool,
        typer.Option("--lose-names", help="Continue even if named persons are merged into others."),
    ] = False,
    json_file: options.Json = None,
    embedder: options.SettingsEmbedder = None,
    weights: options.SettingsWeights = None,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Track people within each camera, cluster the tracklets of all cameras into persons, and store the persons.

    Running it again replaces the earlier result; a name stays with the person that has most of its detections.
    """
    options.check_output_files(json_file)
    if names:
        if threshold is not None or transit is not None or truth or json_file is not None:
            raise UserError("--name only sets names; omit --threshold, --transit, --truth and --json")
        pairs = [_parse_name(text) for text in names]
        if len(dict(pairs)) < len(pairs):
            raise UserError("--name is given twice for one person; give each person one name")
        _set_names(dict(pairs), config, overrides)
        return
    from sqlalchemy.orm import Session

    from learning_reid.frames.mot import read_mot
    from learning_reid.tracking.identities import cluster_detections
    from reid_store.database import database_errors, open_store, write_lock
    from reid_store.identities import read_camera_truth, read_detections, write_persons
    from reid_store.records import find_embedder

    settings = _store.load_store_settings(config, overrides, embedder, weights)
    url, network = settings.store.url, settings.embedder
    tables = {camera: read_mot(file) for camera, file in (_parse_truth(text) for text in truth or [])}
    engine = open_store(url, must_exist=True)
    with database_errors(url), write_lock(engine, url):
        with Session(engine, expire_on_commit=False) as session:
            model = find_embedder(session, network.name, network.weights)
        _store.warn_not_embedded(engine, model)
        detections = read_detections(engine, model)
        truths = {camera: read_camera_truth(engine, camera, table) for camera, table in tables.items()}
        transit_s = None if transit is None else read_transit_times(transit, detections.cameras)
        limit = _choose_threshold(threshold, settings, detections)
        clustering = cluster_detections(detections, limit.distance, transit_s)
        numbers = write_persons(engine, detections.detection, clustering.person, lose_names)
    scores = None
    if truths:
        from learning_reid.tracking.scoring import score_clustering

        scores = score_clustering(detections, clustering, truths)
    print(_format(detections, clustering, limit, scores))
    if json_file is not None:
        from learning_reid.io.output_folder import write_json

        write_json(json_file, {**_as_json(detections, clustering, numbers, scores), **limit.as_json()})


def _choose_threshold(
    threshold: float | Path | None, settings: StoreSettings, detections: "DetectionTable"
) -> DecisionThreshold:
    """Return the given or calibrated threshold or, because clustering cannot do without, an estimate.

    Raises:
        UserError: There is none, and the footage allows no estimate.
    """
    from learning_reid.tracking.identities import estimate_threshold

    network, estimate = settings.embedder, estimate_threshold(detections)
    origin = "estimated: 0.7 × the distance that 95 % of the pairs of people in one frame exceed"
    if_missing = "none can be estimated" if estimate is None else f"{estimate:.4f} is {origin}; see calibrate"
    found = choose_threshold(threshold, network.name, network.weights, "euclidean", if_missing=if_missing)
    if found.distance is not None:
        return found
    if estimate is None:
        raise UserError(
            f"no threshold was calibrated for {network.weights}, and too few frames show several people to estimate "
            "one; run calibrate, or give --threshold"
        )
    return DecisionThreshold(estimate, origin)


def _set_names(names: Mapping[int, str], config: Path, overrides: list[str] | None) -> None:
    """Store names of persons, and print them."""
    from reid_store.database import database_errors, open_store, write_lock
    from reid_store.identities import name_persons

    url = _store.load_store_settings(config, overrides).store.url
    engine = open_store(url, must_exist=True)
    with database_errors(url), write_lock(engine, url):
        name_persons(engine, names)
    for number, name in names.items():
        print(f"person {number} is now named {name}" if name else f"the name of person {number} is removed")


def read_transit_times(file: Path, cameras: Sequence[str]) -> dict[tuple[int, int], float]:
    """Read minimum transit times in seconds, by pairs of positions in `cameras`.

    Raises:
        UserError: The file does not have this form, or names an unknown camera.
    """
    from learning_reid.io.yaml_file import read_mapping

    position = {name: index for index, name in enumerate(cameras)}
    min_s: dict[tuple[int, int], float] = {}
    for one, others in read_mapping(file).items():
        if not isinstance(others, dict):
            raise UserError(f"{file}: {one}: write other cameras and minimum seconds as {{OTHER: 20}}")
        for other, seconds in others.items():
            for name in (one, other):
                if name not in position:
                    raise UserError(f"{file}: the store has no camera {name!r}; it has: {', '.join(cameras)}")
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
                raise UserError(f"{file}: {one} to {other}: {seconds!r} is not a time; give seconds, 0 or more")
            if one == other:
                raise UserError(f"{file}: {one} is paired with itself; give times between two cameras")
            pair = (min(position[one], position[other]), max(position[one], position[other]))
            if min_s.setdefault(pair, float(seconds)) != seconds:
                raise UserError(f"{file}: {one} and {other} have two different times; give one for both directions")
    return min_s


def _parse_truth(text: str) -> tuple[str, str]:
    camera, _, file = text.partition("=")
    if not camera or not file:
        raise UserError(f"--truth {text}: write it as CAMERA=gt.txt")
    return camera, file


def _parse_name(text: str) -> tuple[int, str]:
    from reid_store.records import check_name

    number, equals, name = text.partition("=")
    if not equals or not number.strip().isdecimal() or len(number.strip()) > 9:
        raise UserError(f"--name {text}: write it as NUMBER=NAME, such as 3=Ada")
    if name.strip():
        check_name(name.strip(), "--name")
    return int(number), name.strip()


def _count_by_camera(detections: "DetectionTable", clustering: "Clustering") -> "np.ndarray":
    """Return the (persons, cameras) int64 numbers of detections."""
    import numpy as np

    counts = np.zeros((clustering.persons, len(detections.cameras)), np.int64)
    assigned = clustering.person >= 0
    np.add.at(counts, (clustering.person[assigned], detections.camera[assigned]), 1)
    return counts


def _format(
    detections: "DetectionTable", clustering: "Clustering", limit: DecisionThreshold, scores: "ClusteringScores | None"
) -> str:
    several = int(((_count_by_camera(detections, clustering) > 0).sum(axis=1) > 1).sum())
    cameras = len(set(detections.camera.tolist()))
    unassigned = int((clustering.person < 0).sum())
    lines = [
        f"{'detections':<16}{len(detections):,}, of {cameras} {'camera' if cameras == 1 else 'cameras'}",
        f"{'tracklets':<16}{int(clustering.tracklet.max()) + 1:,}",
        f"{'persons':<16}{clustering.persons:,}, {several:,} of them seen by several cameras",
        f"{'threshold':<16}{clustering.threshold:.4f}, {limit.origin}",
        f"{'unassigned':<16}{unassigned:,} detections, of people with fewer than 3",
    ]
    if scores is not None:
        identities, pairs = scores.identities, scores.pairs
        lines += [
            "",
            "in percent, compared with the ground truth",
            f"{'IDF1':<16}{100 * identities.idf1:.1f}  (precision {100 * identities.idp:.1f}, recall "
            f"{100 * identities.idr:.1f}; {identities.persons} persons for {identities.true_persons} true ones)",
            f"{'one-to-one IDF1':<16}{100 * scores.idf1_one_to_one:.1f}  each detection matches at most one true box",
            f"{'pairwise F1':<16}{100 * pairs.f1:.1f}  (precision {100 * pairs.precision:.1f}, "
            f"recall {100 * pairs.recall:.1f})",
            f"{'purity':<16}{100 * scores.tracklet_purity:.1f}  of {scores.tracklets} tracklets",
            f"{'detector':<16}{100 * scores.found:.1f} of the true boxes found; {100 * scores.false_alarms:.1f} of the "
            "detections are false positives",
        ]
    return "\n".join(lines)


def _as_json(
    detections: "DetectionTable", clustering: "Clustering", numbers: "np.ndarray", scores: "ClusteringScores | None"
) -> dict:
    persons = []
    for row, counts in enumerate(_count_by_camera(detections, clustering)):
        times = detections.time_s[clustering.person == row]
        cameras = {name: int(count) for name, count in zip(detections.cameras, counts, strict=True) if count}
        persons.append(
            {"person": int(numbers[row]), "cameras": cameras, "first_s": times.min(), "last_s": times.max()}
        )  # fmt: skip
    return {
        "detections": len(detections),
        "tracklets": int(clustering.tracklet.max()) + 1,
        "persons": persons,
        "seen_by_several_cameras": sum(len(person["cameras"]) > 1 for person in persons),
        "nobody": int((clustering.person < 0).sum()),
        "truth": None if scores is None else scores.as_json(),
    }
