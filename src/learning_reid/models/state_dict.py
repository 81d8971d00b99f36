"""Weights from files, loaded strictly.

`read_state_dict` returns the tensors of a file. Their names may have a prefix from the program that trained them
(`model.` in Lightning), and there may be a classifier for the identities of the training set. `load_weights` removes
both; the remaining tensors must match the model one by one.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from learning_reid.errors import UserError
from learning_reid.models.registry import input_size
from learning_reid.models.weights_file import GRAPH_SUFFIXES
from learning_reid.models.weights_reader import read_note, read_state_dict
from learning_reid.zoo.cards import all_cards

_CLASSIFIER = "classifier"  # also `classifier_global`, …
_IMAGENET_CLASSES = 1000
_LARGEST_SIDE = 4096  # of crops, in pixels
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class LoadReport:
    """What `load_weights` took from a file.

    >>> print(LoadReport(Path("a.pth"), 565, 565, 1041))
    a.pth: backbone 565 of 565 tensors, classifier dropped (1041 identities)
    """

    path: Path  #: The file
    loaded: int  #: Number of tensors that were loaded into the model
    total: int  #: Number of tensors of the model, without its classifier
    identities: int | None  #: Number of identities of the dropped classifier; None if the file has no classifier

    def __str__(self) -> str:
        dropped = "no classifier" if self.identities is None else f"classifier dropped ({self.identities} identities)"
        return f"{self.path.name}: backbone {self.loaded} of {self.total} tensors, {dropped}"


def load_weights(model: nn.Module, path: str | Path) -> LoadReport:
    """Load a model's weights from a file, strictly; a classifier of the model keeps its own weights.

    Args:
        model: Changed in place. Half-precision tensors are converted to the model's own precision.
        path: .safetensors, or a file written by torch.save (.pth, .pt, .pth.tar).

    Returns:
        How many tensors were loaded and what was dropped.

    Raises:
        UserError: The file is damaged, holds no weights, or belongs to another model (some differences are listed).
    """
    path = Path(path)
    return load_tensors(model, read_weights(path), path)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a weights file; an exported graph (.onnx, .xml) is refused."""
    if (suffix := path.suffix.lower()) in GRAPH_SUFFIXES:
        backend = "openvino" if suffix == ".xml" else "onnx or openvino"
        raise UserError(f"{path} is an exported graph, which PyTorch cannot read; use the backend {backend}")
    return read_state_dict(path)


def load_tensors(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> LoadReport:
    """Load the tensors of `read_weights` into a model; `path` is for messages. See `load_weights`."""
    own = model.state_dict()
    tensors = without_prefix(tensors, own)
    advice = "name the model that the weights were trained with as embedder, or weights that fit"
    dropped = load_strictly(model, tensors, drop_prefixes=(_CLASSIFIER,), where=path, advice=advice)
    total = sum(not key.startswith(_CLASSIFIER) for key in own)
    identities = next((tensors[name].shape[0] for name in dropped if tensors[name].ndim), None)
    report = LoadReport(path, len(tensors) - len(dropped), total, identities)
    log = logging.getLogger(__name__)
    log.log(logging.DEBUG if identities is None else logging.INFO, "%s", report)
    if identities == _IMAGENET_CLASSES and path.stem not in all_cards():  # a card has its own note
        log.warning(
            "note: %s has 1,000 classes, as ImageNet has: it was trained on objects, not on people, and ranking people "
            "with it is close to useless",
            path.name,
        )
    return report


def without_prefix(
    tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], keep: str | None = None
) -> dict[str, Tensor]:
    """Remove from names of tensors the prefix behind which most of the model's own names follow.

    Args:
        tensors: As read from a file.
        own: State dict of the model.
        keep: A last part of the prefix that is not removed.

    Returns:
        The tensors under names without the prefix, or unchanged if fewer than half of the model's names are found.

    >>> list(without_prefix({"net.fc.bias": torch.zeros(1), "net.head": torch.zeros(1)}, {"fc.bias": torch.zeros(1)}))
    ['fc.bias', 'head']
    """
    found: Counter[tuple[str, ...]] = Counter()
    for name in tensors:
        parts = tuple(name.split("."))
        found.update(parts[:start] for start in range(len(parts)) if ".".join(parts[start:]) in own)
    prefix = max(found, key=lambda parts: (found[parts], -len(parts)), default=())
    if 2 * found[prefix] < sum(not name.startswith(_CLASSIFIER) for name in own):
        return dict(tensors)
    while prefix and prefix[-1] == keep:
        prefix = prefix[:-1]
    renamed = {_without_leading(name, prefix): tensor for name, tensor in tensors.items()}
    return renamed if len(renamed) == len(tensors) else dict(tensors)


def _without_leading(name: str, prefix: Sequence[str]) -> str:
    """Remove the parts that a name has in common with the prefix, from the left."""
    parts = name.split(".")
    common = next((i for i, (a, b) in enumerate(zip(parts, prefix, strict=False)) if a != b), len(prefix))
    return ".".join(parts[min(common, len(parts) - 1) :])


def trained_input_size(name: str, path: Path) -> tuple[int, int]:
    """Return the crop height and width that a checkpoint was trained with, or else the usual size of the model."""
    size = read_note(path, "input_size")
    if size is None:
        return input_size(name)
    if not (
        isinstance(size, list | tuple)
        and len(size) == 2
        and all(isinstance(n, int) and 0 < n <= _LARGEST_SIDE for n in size)
    ):
        raise UserError(f"{path} stores the input size {size!r}, which is not [height, width]; train it again")
    return int(size[0]), int(size[1])


def load_strictly(
    module: nn.Module,
    state_dict: Mapping[str, Tensor],
    drop_prefixes: Sequence[str] = (),
    where: str | Path = "the state dict",
    advice: str = "use a file that fits",
) -> tuple[str, ...]:
    """Load a state dict in which every tensor must match, except those dropped by name.

    Args:
        module: Changed in place. Half-precision tensors are converted to the module's own precision.
        state_dict: The tensors by name.
        drop_prefixes: Tensors whose names begin with one of these are not loaded, and may be missing.
        where, advice: For the message: the file, and what to do about weights that do not fit.

    Returns:
        Names of the dropped tensors.

    Raises:
        UserError: Names or shapes differ (the first differences are listed), or weights are not finite numbers in
            floating point, as the module's are.
    """
    drop = tuple(drop_prefixes)
    own = module.state_dict()
    kept = {name: tensor for name, tensor in state_dict.items() if not name.startswith(drop)}
    _check_values({name: tensor for name, tensor in kept.items() if name in own}, own, where)
    misshapen = {name for name, tensor in kept.items() if name in own and tensor.shape != own[name].shape}
    try:  # torch's modules rename what older releases called differently, so that strict=True would fail too early
        result = module.load_state_dict({k: v for k, v in kept.items() if k not in misshapen}, strict=False)
        missing, unexpected = set(result.missing_keys), result.unexpected_keys
    except RuntimeError:  # a module may refuse a name itself, as InstanceNorm2d does with batch statistics
        missing, unexpected = own.keys() - kept.keys(), [name for name in kept if name not in own]
    missing = {name for name in missing if not name.startswith(drop)} | misshapen
    differences = [_difference(name, kept.get(name), own[name]) for name in own if name in missing]
    differences += [f"{name} is unexpected" for name in unexpected]
    if differences:
        shown = "; ".join(differences[:3]) + ("; …" if len(differences) > 3 else "")
        count = f"{len(differences)} tensors differ" if len(differences) > 1 else "1 tensor differs"
        raise UserError(f"{where} holds weights of another model, {count}: {shown}\n{advice}")
    return tuple(name for name in state_dict if name not in kept)


def _check_values(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], where: str | Path) -> None:
    """Check types, then values; those of another shape than the model's are not read, they may be very large."""
    for name, tensor in tensors.items():
        if tensor.is_complex() or (own[name].is_floating_point() and tensor.dtype not in _FLOATS):
            kind = str(tensor.dtype).removeprefix("torch.")
            raise UserError(
                f"{where} stores {name} as {kind}, and the model computes in floating point; use weights that are not "
                "quantized, or the quantized model as a .onnx or .xml file"
            )
    for name, tensor in tensors.items():
        if tensor.shape == own[name].shape and tensor.is_floating_point() and not tensor.isfinite().all():
            raise UserError(
                f"{where} contains infinite or NaN weights ({name}), its training diverged; use another file"
            )


def _difference(name: str, found: Tensor | None, expected: Tensor) -> str:
    if found is None:
        return f"{name} is missing"
    return f"{name} is {tuple(found.shape)} in the file, {tuple(expected.shape)} in the model"
