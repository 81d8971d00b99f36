"""Cluster the stored detections into persons across cameras and times."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learning_reid.cli import _options as options
from learning_reid.cli._model import DecisionThreshold, choose_threshold
from learning_reid.errors import UserError
from reid_store.cli import _store
from reid_store.config import StoreSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from learning_reid.tracking.identities import DetectionTable
    from reid_store.schema import Model


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
    merge: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER,NUMBER", help="Only merge persons into the first of them. Repeatable."),
    ] = None,
    split: Annotated[
        list[int] | None,
        typer.Option(min=1, max=_store.MAX_INT, help="Only split a person in two by appearance. Repeatable."),
    ] = None,
    reset: Annotated[
        list[int] | None,
        typer.Option(min=1, max=_store.MAX_INT, help="Only forget that a person was merged or split. Repeatable."),
    ] = None,
    lose_names: Annotated[
        bool,
        typer.Option("--lose-names", help="Continue even if persons of different names are merged."),
    ] = False,
    json_file: options.Json = None,
    embedder: options.SettingsEmbedder = None,
    weights: options.SettingsWeights = None,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Track people within each camera, cluster the tracklets of all cameras into persons, and store the persons.

    Running it again replaces the earlier result; a name stays with the person that has most of its detections, and
    persons that were merged or split by hand stay as they are. Persons with the same name become one.
    """
    options.check_output_files(json_file)
    settings = _store.load_store_settings(config, overrides, embedder, weights)
    if names or merge or split or reset:
        if threshold is not None or transit is not None or truth or json_file is not None:
            raise UserError(
                "--name, --merge, --split and --reset only change stored persons; omit --threshold, --transit, --truth "
                "and --json"
            )
        _correct(settings, names or [], merge or [], split or [], reset or [], lose_names)
        return
    text, values = _cluster(settings, threshold, transit, truth or [], lose_names)
    print(text)
    options.write_json_file(json_file, values)


def _cluster(
    settings: StoreSettings, threshold: float | Path | None, transit: Path | None, truth: Sequence[str],
    lose_names: bool,
) -> tuple[str, dict[str, Any]]:  # fmt: skip
    """Cluster the detections, store the persons, and return the report as text and for JSON."""
    from learning_reid.frames.mot import read_mot
    from learning_reid.tracking.identities import cluster_detections
    from reid_store.corrections import join_same_names, read_corrected
    from reid_store.database import database_errors, open_store, write_lock
    from reid_store.identities import read_camera_truth, read_detections, write_persons
    from reid_store.persons_report import format_persons, persons_as_json

    tables = {camera: read_mot(file) for camera, file in map(_parse_truth, truth)}
    url = settings.store.url
    engine = open_store(url, must_exist=True)
    with database_errors(url), write_lock(engine, url):
        detections = read_detections(engine, _find_model(engine, settings))
        truths = {camera: read_camera_truth(engine, camera, table) for camera, table in tables.items()}
        transit_s = None if transit is None else read_transit_times(transit, detections.cameras)
        limit = _choose_threshold(threshold, settings, detections)
        options.print_notes(join_same_names(engine))
        corrected = read_corrected(engine, detections)
        clustering = cluster_detections(detections, limit.distance, transit_s, fixed=corrected)
        numbers = write_persons(engine, detections.detection, clustering.person, lose_names)
    scores = None
    if truths:
        from learning_reid.tracking.scoring import score_clustering

        scores = score_clustering(detections, clustering, truths)
    text = format_persons(detections, clustering, limit.origin or "", scores)
    return text, {**persons_as_json(detections, clustering, numbers, scores), **limit.as_json()}


def _correct(
    settings: StoreSettings, names: list[str], merge: list[str], split: list[int], reset: list[int], lose_names: bool
) -> None:
    """Apply --reset, --merge, --split and --name, all or none of them, and print what changed."""
    from reid_store.corrections import Corrections, correct_persons
    from reid_store.database import database_errors, open_store, write_lock
    from reid_store.identities import read_detections

    pairs, groups = [_parse_name(text) for text in names], [_parse_numbers(text) for text in merge]
    if len(dict(pairs)) < len(pairs):
        raise UserError("--name is given twice for one person; give each person one name")
    url = settings.store.url
    engine = open_store(url, must_exist=True)
    with database_errors(url), write_lock(engine, url):
        detections = read_detections(engine, _find_model(engine, settings)) if split else None
        wanted = Corrections(reset, groups, split, dict(pairs), lose_names)
        for line in correct_persons(engine, wanted, detections):
            print(line)


def _find_model(engine: "Engine", settings: StoreSettings) -> "Model":
    """Return the row of the settings' embedder, and note the detections that it has not embedded."""
    from sqlalchemy.orm import Session

    from reid_store.records import find_embedder

    with Session(engine, expire_on_commit=False) as session:
        model = find_embedder(session, settings.embedder.name, settings.embedder.weights)
    _store.warn_not_embedded(engine, model)
    return model


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


def _parse_numbers(text: str) -> list[int]:
    numbers = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) <= 9 for part in numbers) or len(set(numbers)) < max(2, len(numbers)):
        raise UserError(f"--merge {text}: name two or more persons, such as 3,7")
    return [int(part) for part in numbers]
