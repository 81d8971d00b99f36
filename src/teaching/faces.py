"""The faces of a lesson: drawn on the spot, or those of CASIA-WebFace where the reader can fetch them."""

from src.reid_data.kaggle import fetch
from src.reid_data.registry import open_crops
from src.reid_data.sample import LabelledCrops
from src.settings.errors import UserError
from src.synthetic.sets.drawn import drawn_once
from src.synthetic.sets.face_set import FacePlan
from src.teaching.notebook import generated_folder
from src.teaching.people import is_smoke

LESSON_FACES = FacePlan(train_people=150, test_people=0, pictures_each=10)
SMOKE_FACES = FacePlan(train_people=16, test_people=0, pictures_each=6)


def open_faces(data: str = "embedded", plan: FacePlan = LESSON_FACES, seed: int = 7) -> LabelledCrops:
    """Labelled pictures of faces.

    Args:
        data: "embedded": faces that never existed, drawn on first use. "casia-webface": the real set, from Kaggle.
        plan: how many, for "embedded"; with REID_SMOKE=1 always a handful.
        seed: which faces, for "embedded".

    Raises:
        UserError: another name, or the real set cannot be fetched.
    """
    if data == "casia-webface":
        return fetch("casia-webface").crops
    if data != "embedded":
        raise UserError(f'no faces {data!r} for a lesson: DATA is "embedded" or "casia-webface"')
    plan = SMOKE_FACES if is_smoke() else plan
    return open_crops("csv", drawn_once(generated_folder(), plan, seed))
