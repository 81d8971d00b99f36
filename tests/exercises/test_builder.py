"""How a source becomes otter's notebook, and which sources are errors."""

from pathlib import Path

import pytest

from tools import exercises as builder

SOLUTION = '''\
class Sampler:
    def given(self):
        return 1

    def __iter__(self):
        """Batches."""
        # BEGIN SOLUTION
        for batch in self.batches:
            yield batch
        # END SOLUTION


share = 0.5  # SOLUTION'''


def student_version(solution: str) -> str:
    from otter.assign.solutions import replace_solutions

    return "\n".join(replace_solutions(builder.with_prompt(solution).splitlines(), "python"))


def test_a_removed_block_leaves_a_stub_that_names_the_function() -> None:
    stub = student_version(SOLUTION)
    assert '"""Batches."""\n        raise NotImplementedError("write `Sampler.__iter__` first")\n' in stub
    assert "for batch" not in stub and stub.endswith("share = ...") and "return 1" in stub
    compile(stub, "stub", "exec")


def test_two_blocks_leave_two_stubs() -> None:
    block = "    # BEGIN SOLUTION\n    return 1\n    # END SOLUTION\n"
    stub = student_version(f"def one():\n{block}\n\ndef two():\n{block}")
    assert stub.count("raise") == 2 and "`one`" in stub and "`two`" in stub


def test_solutions_are_written_without_markers() -> None:
    clean = builder.without_markers(builder.with_prompt(SOLUTION))
    assert clean.endswith("share = 0.5") and "SOLUTION" not in clean and "PROMPT" not in clean and "raise" not in clean
    compile(clean, "solution", "exec")


def test_a_test_imports_what_it_uses() -> None:
    imports = {"np": "import numpy as np", "checks": "from reid_course import checks", "os": "import os"}
    test = builder.complete_test("def test_one(f):\n    checks.shape(f(), np.shape(1))", imports)
    assert test.splitlines()[1:3] == ["    import numpy as np", "    from reid_course import checks"]
    assert "import os" not in test
    with pytest.raises(ValueError, match="one function and nothing else"):
        builder.complete_test("x = 1", {})


HEAD = "# %% [markdown]\n# # 1. Small\n\n"
QUESTION = "# %% [markdown]\n# ## Question 1: how many? (3 points)\n\n"
ANSWER = '# %% tags=["solution"]\nx = 1  # SOLUTION\n\n'
PUBLIC = '# %% tags=["test"]\ndef test_one(x):\n    assert x\n\n'
HIDDEN = '# %% tags=["hidden"]\ndef test_two(x):\n    assert x == 1\n\n'
PLAIN = "# %%\nprint(1)\n\n"


def read(folder: Path, text: str) -> list[builder.Part]:
    source = folder / "01_small.py"
    source.write_text(text)
    return builder.read_set(source)


def test_a_set_is_cells_and_questions(tmp_path: Path) -> None:
    _, before, question, after = read(tmp_path, HEAD + PLAIN + QUESTION + PLAIN + ANSWER + PUBLIC + HIDDEN + PLAIN)
    assert isinstance(question, builder.Question)
    assert (question.name, question.title, question.points) == ("q1", "how many?", 3)
    assert len(question.given) == 2 and question.solution[0].source == "x = 1  # SOLUTION"
    assert [len(question.public), len(question.hidden)] == [1, 1]
    assert before.source == after.source == "print(1)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (QUESTION + PUBLIC + HIDDEN, "q1 needs one cell with the solution"),
        (QUESTION + ANSWER + PUBLIC, "q1 needs one cell with the solution, a test and a hidden test"),
        (QUESTION + ANSWER + HIDDEN, "q1 needs"),
        (QUESTION + ANSWER + PLAIN + PUBLIC + HIDDEN, "without a tag between solution and tests"),
        (ANSWER, "tagged solution outside of a question"),
        (PLAIN.replace("%%", '%% tags=["hiden"]'), r"tags \['hiden'\]"),
    ],
)
def test_a_malformed_set_is_an_error(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        read(tmp_path, HEAD + text)
