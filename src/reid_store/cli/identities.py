"""Put the stored detections together to persons, across cameras and times."""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.cli import _options as options
from learning_reid.cli._model import check_threshold
from learning_reid.errors import UserError
from reid_store.cli import _store

if TYPE_CHECKING:
    import numpy as np

    from reid_store.identities import DetectionTable, Clustering
    from reid_store.identity_truth import Scores


def run(
    threshold: Annotated[
        float | None,
        typer.Option(min=0, help="Up to this distance tracklets are one person.", show_default="the calibrated one"),
    ] = None,
    transit: Annotated[
        Path | None,
        typer.Option(help="A YAML file `CAMERA: {OTHER: least seconds}`; 0 = they share no view.", show_default=False),
    ] = None,
    truth: Annotated[
        list[str] | None,
        typer.Option(metavar="CAMERA=gt.txt", help="Score against this truth; may be given many times."),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--name", metavar="NUMBER=NAME", help="Instead: call a person by a name; may be given many times."
        ),
    ] = None,
    lose_names: Annotated[
        bool,
        typer.Option("--lose-names", help="Go on where a person who was given a name is put together with another."),
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="A file for the result.", show_default=False)] = None,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Follow people within each camera, find them again in the others, and store who is who.

    Running it again replaces the former result; a name given by hand stays with the largest part of its person.
    """
    if threshold is not None:
        check_threshold(threshold)
    options.check_output_files(json_file)
    if names:
        if threshold is not None or transit is not None or truth or json_file is not None:
            raise UserError("--name only gives names; leave out --threshold, --transit, --truth and --json")
        given = [_numbered_name(text) for text in names]
        if len(dict(given)) < len(given):
            raise UserError("--name is given twice for one person; give each one name")
        _give_names(dict(given), config, overrides)
        return
    from sqlalchemy.orm import Session

    from learning_reid.frames.mot import read_mot
    from reid_store.identities import cluster_detections, read_detections, write_persons
    from reid_store.identity_truth import score_clustering, read_camera_truth
    from reid_store.database import write_lock, open_store, database_errors
    from reid_store.records import find_embedder

    settings = _store.load_store_settings(config, overrides)
    url, what = settings.store.url, settings.embedder
    tables = {camera: read_mot(file) for camera, file in (_named_file(text) for text in truth or [])}
    engine = open_store(url, must_exist=True)
    with database_errors(url), write_lock(engine, url):
        with Session(engine, expire_on_commit=False) as session:
            model = find_embedder(session, what.name, what.weights)
        _store.warn_not_embedded(engine, model)
        people = read_detections(engine, model)
        known = {camera: read_camera_truth(engine, camera, table) for camera, table in tables.items()}
        least_s = None if transit is None else read_transit(transit, people.cameras)
        made = cluster_detections(people, _threshold(threshold, what.name, what.weights), least_s)
        numbers = write_persons(engine, people.detection, made.person, lose_names)
    scores = score_clustering(people, made, known) if known else None
    print(_told(people, made, scores))
    if json_file is not None:
        from learning_reid.io.output_folder import write_json

        write_json(json_file, _as_json(people, made, numbers, scores))


def _give_names(names: Mapping[int, str], config: Path, overrides: list[str] | None) -> None:
    """Store what people are called, and say so."""
    from reid_store.identities import name_persons
    from reid_store.database import write_lock, open_store, database_errors

    url = _store.load_store_settings(config, overrides).store.url
    engine = open_store(url, must_exist=True)
    with database_errors(url), write_lock(engine, url):
        name_persons(engine, names)
    for number, name in names.items():
        print(f"person {number} is called {name}" if name else f"person {number} has no name any more")


def read_transit(file: Path, cameras: Sequence[str]) -> dict[tuple[int, int], float]:
    """The least seconds between cameras, by their places in `cameras`.

    Raises:
        UserError: the file is not of that form, or names a camera that is not there.
    """
    from learning_reid.io.yaml_file import read_mapping

    places = {name: place for place, name in enumerate(cameras)}
    least_s: dict[tuple[int, int], float] = {}
    for one, others in read_mapping(file).items():
        if not isinstance(others, dict):
            raise UserError(f"{file}: {one}: write the other cameras and the least seconds as {{OTHER: 20}}")
        for other, seconds in others.items():
            for name in (one, other):
                if name not in places:
                    raise UserError(f"{file}: the store has no camera {name!r}; it has: {', '.join(cameras)}")
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
                raise UserError(f"{file}: {one} to {other}: {seconds!r} is no time; give seconds, 0 or more")
            if one == other:
                raise UserError(f"{file}: {one} is named with itself; give the seconds between two cameras")
            way = (min(places[one], places[other]), max(places[one], places[other]))
            if least_s.setdefault(way, float(seconds)) != seconds:
                raise UserError(f"{file}: {one} and {other} are given two different times; give one for both ways")
    return least_s


def _named_file(text: str) -> tuple[str, str]:
    camera, _, file = text.partition("=")
    if not camera or not file:
        raise UserError(f"--truth {text}: write it as CAMERA=gt.txt")
    return camera, file


def _numbered_name(text: str) -> tuple[int, str]:
    from reid_store.records import check_name

    number, equals, name = text.partition("=")
    if not equals or not number.strip().isdecimal() or len(number.strip()) > 9:
        raise UserError(f"--name {text}: write it as NUMBER=NAME, such as 3=Ada")
    if name.strip():
        check_name(name.strip(), "--name")
    return int(number), name.strip()


def _threshold(given: float | None, embedder: str, weights: str) -> float | None:
    """The calibrated distance for "who of the gallery is it?", where there is one."""
    if given is not None:
        return given
    from learning_reid.embedding.operating_point import find_operating_point

    if (point := find_operating_point(embedder, weights, "euclidean")) is not None:
        return point.search_threshold
    print(
        "note: no threshold was calibrated for these weights; the people who are seen together in a frame, and so are "
        "different people, stand in for it (see --threshold, and calibrate)",
        file=sys.stderr,
    )
    return None


def _cameras_of(people: "DetectionTable", made: "Clustering") -> "np.ndarray":
    """(persons, cameras) int64, how many detections."""
    import numpy as np

    seen = np.zeros((made.persons, len(people.cameras)), np.int64)
    somebody = made.person >= 0
    np.add.at(seen, (made.person[somebody], people.camera[somebody]), 1)
    return seen


def _told(people: "DetectionTable", made: "Clustering", scores: "Scores | None") -> str:
    several = int(((_cameras_of(people, made) > 0).sum(axis=1) > 1).sum())
    cameras = len(set(people.camera.tolist()))
    nobody = int((made.person < 0).sum())
    lines = [
        f"{'detections':<16}{len(people):,}, of {cameras} {'camera' if cameras == 1 else 'cameras'}",
        f"{'tracklets':<16}{int(made.tracklet.max()) + 1:,}",
        f"{'persons':<16}{made.persons:,}, {several:,} of them seen by several cameras",
        f"{'threshold':<16}{made.threshold:.4f}",
        f"{'nobody':<16}{nobody:,} detections, of people seen in fewer than 3",
    ]
    if scores is not None:
        who, pairs = scores.identities, scores.pairs
        lines += [
            "",
            "in percent, against the truth",
            f"{'IDF1':<16}{100 * who.idf1:.1f}  (precision {100 * who.idp:.1f}, recall {100 * who.idr:.1f}; "
            f"{who.persons} persons for {who.true_persons} true ones)",
            f"{'one-to-one':<16}{100 * scores.idf1_one_to_one:.1f}  if a detection stands for one true box only",
            f"{'pairwise F1':<16}{100 * pairs.f1:.1f}  (precision {100 * pairs.precision:.1f}, "
            f"recall {100 * pairs.recall:.1f})",
            f"{'purity':<16}{100 * scores.tracklet_purity:.1f}  of {scores.tracklets} tracklets",
            f"{'detector':<16}found {100 * scores.found:.1f} of the true boxes; {100 * scores.false_alarms:.1f} of its "
            "own stand for nobody",
        ]
    return "\n".join(lines)


def _as_json(people: "DetectionTable", made: "Clustering", numbers: "np.ndarray", scores: "Scores | None") -> dict:
    persons = []
    for row, seen in enumerate(_cameras_of(people, made)):
        times = people.time_s[made.person == row]
        where = {name: int(count) for name, count in zip(people.cameras, seen, strict=True) if count}
        persons.append(
            {"person": int(numbers[row]), "cameras": where, "first_s": times.min(), "last_s": times.max()}
        )  # fmt: skip
    return {
        "detections": len(people),
        "tracklets": int(made.tracklet.max()) + 1,
        "persons": persons,
        "seen_by_several_cameras": sum(len(person["cameras"]) > 1 for person in persons),
        "nobody": int((made.person < 0).sum()),
        "threshold": made.threshold,
        "truth": None if scores is None else scores.as_json(),
    }
