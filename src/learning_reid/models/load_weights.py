"""Loading published weights without fear: nothing in the file is executed, and nothing is left out in silence.

Published files come wrapped (`state_dict`, `model`), with prefixes (`module.` from DataParallel) and with a classifier
for the people of their training set. All of that is taken off here; what remains must fit the network tensor by tensor.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from learning_reid.errors import UserError
from learning_reid.models.names import input_size
from learning_reid.models.resolve_weights import GRAPH_SUFFIXES
from learning_reid.models.state_dict import load_strictly, read_note, read_state_dict
from learning_reid.zoo.cards import all_cards

_CLASSIFIER = "classifier"  # the layers that name the training people: `classifier`, `classifier_global`, …
_IMAGENET_CLASSES = 1000
_PREFIXES = ("module.", "model.", "backbone.")


@dataclass(frozen=True)
class LoadReport:
    """What was taken from a weights file.

    >>> print(LoadReport(Path("a.pth"), 565, 565, 1041))
    a.pth: backbone 565 of 565 tensors, classifier dropped (1041 identities)
    """

    path: Path
    loaded: int
    total: int
    identities: int | None

    def __str__(self) -> str:
        dropped = "no classifier" if self.identities is None else f"classifier dropped ({self.identities} identities)"
        return f"{self.path.name}: backbone {self.loaded} of {self.total} tensors, {dropped}"


def load_weights(network: nn.Module, path: Path) -> LoadReport:
    """Fill a network's backbone from a file; a classifier of the network keeps the weights it has.

    Args:
        network: changed in place; half-precision files are widened to the network's own precision.
        path: .safetensors, or what torch.save writes (.pth, .pt, .pth.tar).

    Raises:
        UserError: the file is damaged, holds no weights, or is of another network (the first tensors that differ).
    """
    if path.suffix.lower() in GRAPH_SUFFIXES:
        raise UserError(
            f"{path} is a whole network, which torch does not read; set embedder.backend to {_reader(path)}"
        )
    wanted = network.state_dict()
    found = {_without_prefix(key, wanted): tensor for key, tensor in read_state_dict(path).items()}
    broken = [key for key, tensor in found.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if broken:
        raise UserError(f"{path} holds numbers that are infinite or none ({broken[0]}); its training went astray")
    advice = "set embedder.name to the network the weights were trained with, or embedder.weights to a file that fits"
    loaded = load_strictly(network, found, drop_prefixes=(_CLASSIFIER,), where=path, advice=advice)
    total = sum(not key.startswith(_CLASSIFIER) for key in wanted)
    report = LoadReport(path, loaded.loaded, total, len(found[loaded.dropped[0]]) if loaded.dropped else None)
    log = logging.getLogger(__name__)
    log.log(logging.DEBUG if report.identities is None else logging.INFO, "%s", report)
    if report.identities == _IMAGENET_CLASSES and path.stem not in all_cards():  # a card says it too
        log.warning(
            "note: %s names 1,000 classes, as ImageNet has them: it learned things, not people, and ranking people "
            "with it is close to useless",
            path.name,
        )
    return report


def _reader(path: Path) -> str:
    return "openvino" if path.suffix.lower() == ".xml" else "onnx or openvino"


def picture_size(name: str, path: Path) -> tuple[int, int]:
    """Height and width that a file of weights was trained with: as it notes, else what is usual for the network.

    Raises:
        UserError: the file is damaged, or its note is no size.
    """
    noted = read_note(path, "input_size")
    if noted is None:
        return input_size(name)
    if not (isinstance(noted, list | tuple) and len(noted) == 2 and all(isinstance(n, int) and n > 0 for n in noted)):
        raise UserError(f"{path} notes the input size {noted!r}, which is not height and width; train it again")
    return int(noted[0]), int(noted[1])


def _without_prefix(key: str, wanted: Mapping[str, Tensor]) -> str:
    while key not in wanted and (prefix := next((p for p in _PREFIXES if key.startswith(p)), None)):
        key = key.removeprefix(prefix)
    return key
