"""What the first cells of an exercise need: somebody who checks, and people of one's own to work with."""

import atexit
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from learning_reid.datasets.query_gallery_split import QueryGallerySplit
from reid_course.lesson_data import lesson_split
from reid_course.notebook import ROOT, need
from reid_synth.datasets.market import MarketPlan

STUDENT = ROOT / "notebooks" / "exercises" / "student"
OWN = MarketPlan(train_people=0, test_people=16, cameras=2, crops_per_camera=2, distractors=0, junk=0)  # seconds


def open_grader(name: str, folder: Path = STUDENT) -> Any:
    """Otter's notebook object; `grader.check("q1")` runs the public checks of a question.

    The checks travel inside the notebook. Otter reads them from there, but not on Colab, so that they are laid out as
    files, which it reads everywhere.

    Args:
        name: of the set, such as "01_distances".
        folder: with the notebooks of the students.

    Raises:
        UserError: otter-grader is not installed; the one command is told.
    """
    need("class")
    import otter

    files = Path(tempfile.mkdtemp(prefix="checks-"))
    atexit.register(shutil.rmtree, files, ignore_errors=True)
    book = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))
    for question, source in book["metadata"]["otter"]["tests"].items():
        (files / f"{question}.py").write_text(source, encoding="utf-8")
    return otter.Notebook(tests_dir=str(files))


def student_split(seed: int, plan: MarketPlan = OWN) -> QueryGallerySplit:
    """Queries and gallery of people that belong to a seed; drawn on first use, which takes seconds.

    Args:
        seed: see `student_seed`.
        plan: how many people.
    """
    return lesson_split("embedded", seed, plan=plan)
