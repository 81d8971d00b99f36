"""Face crops of a lesson: synthetic faces, or CASIA-WebFace where it can be downloaded."""

from learning_reid.datasets.kaggle import fetch_dataset
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.sample import CropDataset
from learning_reid.errors import UserError
from reid_course.lesson_people import is_smoke
from reid_course.notebook import generated_folder
from reid_synth.datasets.dataset_cache import cached_dataset
from reid_synth.datasets.face_dataset import FacePlan

LESSON_FACES = FacePlan(train_people=150, test_people=0, images_each=10)
SMOKE_FACES = FacePlan(train_people=16, test_people=0, images_each=6)


def open_faces(data: str = "embedded", plan: FacePlan = LESSON_FACES, seed: int = 7) -> CropDataset:
    """Open labelled images of faces.

    Args:
        data: "embedded" = synthetic faces, rendered on first use. "casia-webface" = the real dataset, from Kaggle.
        plan: Numbers of people and images for "embedded"; REID_SMOKE=1 always takes a small plan.
        seed: Seed of the synthetic faces.

    Raises:
        UserError: There is no such data, or the real dataset cannot be downloaded.
    """
    if data == "casia-webface":
        return fetch_dataset("casia-webface").dataset
    if data != "embedded":
        raise UserError(f'no faces {data!r} for a lesson: DATA is "embedded" or "casia-webface"')
    plan = SMOKE_FACES if is_smoke() else plan
    return open_dataset("csv", cached_dataset(generated_folder(), plan, seed))
