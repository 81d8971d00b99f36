"""Solutions pass; stubs and common mistakes fail with an explanation."""

from collections import Counter

import pytest

from tests.exercises import twin

QUESTIONS = [(name, question) for name in twin.SETS for question in twin.questions(name)]
WRONG = [(name, *answer) for name in twin.SETS for answer in twin.wrong_answers(name)]


@pytest.fixture(autouse=True)
def _seed_for_grading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_EXERCISE_SEED", twin.SEED)
    monkeypatch.delenv("REID_SMOKE", raising=False)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_the_solution_passes(name: str, question: str) -> None:
    file = twin.grade(name, question, twin.questions(name)[question].solution[0].source)
    assert file.passed_all, file.summary()
    assert file.score == file.possible == twin.questions(name)[question].points


@pytest.mark.slow
@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_the_stub_explains_what_to_do(name: str, question: str) -> None:
    file = twin.grade(name, question, twin.stubs(name)[question])
    assert file.score == 0
    for result in file.test_case_results:
        assert not result.passed
        assert "NotImplementedError: write `" in result.message or "no answer yet" in result.message, result.message


@pytest.mark.slow
@pytest.mark.parametrize(("name", "question", "words", "code"), WRONG, ids=lambda part: part if len(part) < 60 else "")
def test_a_wrong_answer_fails(name: str, question: str, words: str, code: str) -> None:
    """With a message of `checks`; if the title ends with (raises), with an error of its own."""
    file = twin.grade(name, question, code)
    assert file.score < file.possible, "all hidden tests pass"
    failed = [result.message for result in file.test_case_results if not result.passed]
    if words.endswith("(raises)"):
        assert not any("NameError" in message for message in failed), failed
    else:
        assert any("\nWrong: " in message for message in failed), failed


def test_each_question_has_four_wrong_answers() -> None:
    for name in twin.SETS:
        count = Counter(question for question, _, _ in twin.wrong_answers(name))
        assert set(count) == set(twin.questions(name)) and min(count.values()) >= 4, (name, count)


def test_a_set_has_three_to_six_questions_and_ten_points() -> None:
    for name in twin.SETS:
        found = twin.questions(name)
        assert list(found) == [f"q{number}" for number in range(1, len(found) + 1)], name
        assert 3 <= len(found) <= 6, name
        assert sum(question.points for question in found.values()) == 10, name
