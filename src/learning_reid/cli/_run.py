"""What `evaluate --exp RUN` examines: the best weights of a training run, on people it has not learned from."""

from collections.abc import Sequence

from learning_reid.datasets.registry import open_crops
from learning_reid.datasets.split import only_persons
from learning_reid.errors import UserError
from learning_reid.evaluation.evaluate import DataChoice, ModelChoice
from learning_reid.models.state_dict import read_note
from learning_reid.training.people import locate_data, people_to_examine
from learning_reid.training.runs import find_run, settings_of_run


def choices_of_run(name: str, query_cameras: Sequence[str]) -> tuple[DataChoice, ModelChoice, str]:
    """The data and the model of a run, and the protocol that its cameras ask for.

    Raises:
        UserError: there is no such run, or it has no weights yet.
    """
    run = find_run(name)
    settings = settings_of_run(run)
    weights = run / "weights" / "best.pt"
    if not weights.is_file():
        raise UserError(f"{run} has no weights/best.pt yet; let it train for an epoch with validation")
    dataset, root = locate_data(settings)
    persons = people_to_examine(settings, str(read_note(weights, "data")))
    cameras = {sample.camera_id for sample in only_persons(open_crops(dataset, root), persons).samples}
    data = DataChoice(dataset, root, query_cameras, persons)
    protocol = "market1501" if len(cameras) > 1 else "single-camera"
    return data, ModelChoice(settings.model.arch, str(weights)), protocol
