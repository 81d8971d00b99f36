"""Every answer of every set: the solution passes, the stub and the classic mistakes do not, and say why."""

from collections import Counter

import pytest

from tests.exercises import twin

QUESTIONS = [(name, question) for name in twin.SETS for question in twin.questions(name)]
WRONG = [(name, *answer) for name in twin.SETS for answer in twin.wrong_answers(name)]


@pytest.fixture(autouse=True)
def _graders_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_EXERCISE_SEED", twin.SEED)
    monkeypatch.delenv("REID_SMOKE", raising=False)


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_the_solution_passes(name: str, question: str) -> None:
    file = twin.mark(name, question, twin.questions(name)[question].solution[0].source)
    assert file.passed_all, file.summary()
    assert file.score == file.possible == twin.questions(name)[question].points


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_the_stub_says_what_to_do(name: str, question: str) -> None:
    file = twin.mark(name, question, twin.stubs(name)[question])
    assert file.score == 0
    for result in file.test_case_results:
        assert not result.passed
        assert "NotImplementedError: write `" in result.message or "no answer yet" in result.message, result.message


@pytest.mark.parametrize(("name", "question", "words", "code"), WRONG, ids=lambda part: part if len(part) < 60 else "")
def test_a_wrong_answer_is_caught(name: str, question: str, words: str, code: str) -> None:
    """By a message of ours; where the title ends with (raises), by an error of its own."""
    file = twin.mark(name, question, code)
    assert file.score < file.possible, "all hidden tests pass"
    failed = [result.message for result in file.test_case_results if not result.passed]
    if words.endswith("(raises)"):
        assert not any("NameError" in message for message in failed), failed
    else:
        assert any("\nWrong: " in message for message in failed), failed


@pytest.mark.parametrize("name", twin.SETS)
def test_four_wrong_answers_to_each_question(name: str) -> None:
    count = Counter(question for question, _, _ in twin.wrong_answers(name))
    assert set(count) == set(twin.questions(name)) and min(count.values()) >= 4, count


@pytest.mark.parametrize("name", twin.SETS)
def test_three_to_six_questions_of_ten_points(name: str) -> None:
    asked = twin.questions(name)
    assert list(asked) == [f"q{number}" for number in range(1, len(asked) + 1)]
    assert 3 <= len(asked) <= 6
    assert sum(question.points for question in asked.values()) == 10
