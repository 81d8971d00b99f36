"""First cells of an exercise: the grader with the public checks, and a student's own data."""

import atexit
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from reid_course.lesson_data import lesson_split
from reid_course.notebook import course_file, need
from reid_synth.datasets.market import MarketPlan

STUDENT_PLAN = MarketPlan(
    train_people=0, test_people=16, cameras=2, crops_per_camera=2, distractors=0, junk=0
)  # rendered in seconds


def open_grader(name: str, folder: Path | None = None) -> Any:
    """Return otter's notebook object; `grader.check("q1")` runs the public checks of a question.

    The checks are stored in the metadata of the student's notebook, which otter cannot read on Colab. They are
    therefore written to a temporary folder of test files, which otter reads everywhere.

    Args:
        name: Name of the exercise set, such as "01_distances".
        folder: Folder of the student notebooks; None = those of the project.

    Raises:
        UserError: otter-grader is not installed.
    """
    need("class")
    import otter

    tests = Path(tempfile.mkdtemp(prefix="checks-"))
    atexit.register(shutil.rmtree, tests, ignore_errors=True)
    folder = folder or course_file("notebooks/exercises/student")
    book = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))
    for question, source in book["metadata"]["otter"]["tests"].items():
        (tests / f"{question}.py").write_text(source, encoding="utf-8")
    return otter.Notebook(tests_dir=str(tests))


def student_split(seed: int, plan: MarketPlan = STUDENT_PLAN) -> QueryGallerySplit:
    """Return queries and gallery of synthetic people that belong to a seed; rendering them takes seconds.

    Args:
        seed: Seed of the people, see `student_seed`.
        plan: Numbers of people, cameras and crops.
    """
    return lesson_split("embedded", seed, plan=plan)
