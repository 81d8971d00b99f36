"""A name always gives the same seed; the seed for grading replaces it."""

import pytest

from learning_reid.errors import UserError
from reid_course.seeds import student_seed


@pytest.fixture(autouse=True)
def _no_seed_for_grading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REID_EXERCISE_SEED", raising=False)


def test_a_name_has_one_seed_on_every_machine() -> None:
    assert student_seed("Ada Lovelace") == 757_213
    assert student_seed("Jos\u00e9") == student_seed("Jose\u0301 ") == student_seed("JOS\u00c9")
    seeds = [student_seed(f"student {number}") for number in range(100)]
    assert len(set(seeds)) == 100 and min(seeds) >= 0 and max(seeds) < 1_000_000


def test_the_seed_for_grading_replaces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_EXERCISE_SEED", "2026")
    assert student_seed("Ada Lovelace") == student_seed("") == 2026
    monkeypatch.setenv("REID_EXERCISE_SEED", "-1")
    with pytest.raises(UserError, match="REID_EXERCISE_SEED=-1 is no seed"):
        student_seed("Ada Lovelace")


def test_an_empty_name_has_no_seed() -> None:
    with pytest.raises(UserError, match="with your own name"):
        student_seed("  ")
