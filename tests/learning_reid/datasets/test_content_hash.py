"""The fingerprint of evaluation data."""

import shutil
from pathlib import Path

import pytest

from learning_reid.datasets.content_hash import fingerprint
from learning_reid.datasets.sample import Sample
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_image


@pytest.fixture()
def two_sides(tmp_path: Path) -> tuple[list[Sample], list[Sample]]:
    query = [Sample(write_image(tmp_path / f"q{n}.png", like=f"q{n}"), str(n), "1", "query") for n in range(3)]
    gallery = [Sample(write_image(tmp_path / f"g{n}.png", like=f"g{n}"), str(n), "2", "gallery") for n in range(3)]
    return query, gallery


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"b.png cannot be read \(No such file.*; copy it again or remove it"):
        fingerprint([Sample(tmp_path / "b.png", "1", "1")], [])


def test_fingerprint_ignores_order_and_location(two_sides, tmp_path: Path) -> None:
    query, gallery = two_sides
    marked = fingerprint(query, gallery)
    assert len(marked) == 12 and int(marked, 16) >= 0
    assert fingerprint(query[::-1], gallery[1:] + gallery[:1], progress=False) == marked
    (tmp_path / "moved").mkdir()
    moved = [
        [
            Sample(shutil.copy(one.path, tmp_path / "moved" / f"x{one.path.name}"), one.person_id, one.camera_id)
            for one in side
        ]
        for side in (query, gallery)
    ]
    assert fingerprint(*moved) == marked


def test_fingerprint_depends_on_content_labels_and_role(two_sides) -> None:
    query, gallery = two_sides
    one = query[0]
    others = [
        (gallery, query),
        (query[1:], gallery),
        (query, [*gallery, gallery[0]]),
        ([Sample(one.path, "9", "1"), *query[1:]], gallery),
        ([Sample(one.path, None, "1"), *query[1:]], gallery),
        ([Sample(one.path, "None", "1"), *query[1:]], gallery),
        ([Sample(one.path, "0", "9"), *query[1:]], gallery),
        ([Sample(one.path, "0", "1", box_xyxy=(0, 0, 5, 5)), *query[1:]], gallery),
        ([Sample(one.path, "0", "1", box_xyxy=(0, 0, 5, 6)), *query[1:]], gallery),
    ]
    marks = [fingerprint(query, gallery)] + [fingerprint(*sides) for sides in others]
    write_image(one.path, like="changed")
    marks.append(fingerprint(query, gallery))
    assert len(set(marks)) == len(marks)


def test_a_file_is_hashed_once(two_sides, monkeypatch: pytest.MonkeyPatch) -> None:
    query, _ = two_sides
    hashed: list[Path] = []
    monkeypatch.setattr("learning_reid.datasets.content_hash.sha256_of", lambda path: (hashed.append(path), "0")[1])
    boxes = [Sample(query[0].path, "1", "1", box_xyxy=(0, 0, n, n)) for n in range(1, 5)]
    fingerprint([*query, *boxes], query)
    assert hashed == [one.path for one in query]
