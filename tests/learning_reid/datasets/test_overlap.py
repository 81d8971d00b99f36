"""Which query identities have a match, and the explanation if none has."""

from pathlib import Path

import pytest

from learning_reid.datasets.overlap import IdentityOverlap, explain_no_valid_match, identity_overlap
from learning_reid.datasets.sample import Sample


def sample(person: str | None, camera: str = "1") -> Sample:
    return Sample(Path(f"{person}_{camera}.jpg"), person, camera)


@pytest.mark.parametrize(
    ("query", "gallery", "expected", "lines"),
    [
        (
            [sample(str(n)) for n in range(7)],
            [sample("other", "2"), sample(None, "2")],
            IdentityOverlap([str(n) for n in range(7)], [], []),
            ["of 7 identities, 7 not in the gallery (0, 1, 2, 3, 4, …)", "--query-camera"],
        ),
        (
            [sample("10"), sample("9")],
            [sample("9"), sample("10")],
            IdentityOverlap([], ["9", "10"], []),
            ["2 in the gallery from the query's own camera only (9, 10)", "--protocol single-camera"],
        ),
        (
            [sample("a", "1"), sample("b", "2"), sample("c", "2")],
            [sample("a", "1"), sample("b", "2")],
            IdentityOverlap(["c"], ["a", "b"], []),
            [
                "1 not in the gallery (c), 2 in the gallery from the query's own camera only (a, b)",
                "--protocol self-only",
            ],
        ),
        (
            [sample("a", "1"), sample("a", "2"), sample(None, "1")],
            [sample("a", "2")],
            IdentityOverlap([], [], ["a"]),
            ["1 with a match (a)", ""],
        ),
    ],
)
def test_overlap_and_its_explanation(query: list, gallery: list, expected: IdentityOverlap, lines: list[str]) -> None:
    assert identity_overlap(query, gallery) == expected
    message = explain_no_valid_match(query, gallery).splitlines()
    assert len(message) == 2
    for line, part in zip(message, lines, strict=True):
        assert part in line
