"""Options for `evaluate --exp RUN`: the best weights of a training run, on people it was not trained on."""

from collections.abc import Sequence

from learning_reid.datasets.identity_split import select_identities
from learning_reid.datasets.layouts import open_dataset
from learning_reid.errors import UserError
from learning_reid.evaluation.options import DataOptions, ModelOptions
from learning_reid.models.state_dict import read_note
from learning_reid.training.runs import find_run, load_run_settings
from learning_reid.training.training_data import evaluation_identities, locate_data


def options_of_run(name: str, query_cameras: Sequence[str]) -> tuple[DataOptions, ModelOptions, str]:
    """Return the data and the model of a run, and the protocol that fits its cameras.

    Raises:
        UserError: There is no such run, or it has no weights yet.
    """
    run = find_run(name)
    settings = load_run_settings(run)
    weights = run / "weights" / "best.pt"
    if not weights.is_file():
        raise UserError(f"{run} has no weights/best.pt yet; let it train for an epoch with validation")
    dataset, root = locate_data(settings)
    persons = evaluation_identities(settings, str(read_note(weights, "data")))
    cameras = {sample.camera_id for sample in select_identities(open_dataset(dataset, root), persons).samples}
    data = DataOptions(dataset, root, query_cameras, persons)
    protocol = "market1501" if len(cameras) > 1 else "single-camera"
    return data, ModelOptions(settings.model.arch, str(weights)), protocol
