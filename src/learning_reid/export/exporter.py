"""From weights to a file for other programs: write, quantise, convert, verify; only what passed is given out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from torch import nn

from learning_reid.datasets.sample import CropDataset
from learning_reid.embedding.backend_torch import TorchEmbedder
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.operating_point import OperatingPoint, operating_point_file, write_operating_point
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.errors import UserError
from learning_reid.export.graph import Pairs, write_onnx
from learning_reid.export.int8 import FEWEST
from learning_reid.export.verify import (
    Accuracy,
    Parity,
    check_accuracy,
    check_answerable,
    check_parity,
    compare_accuracy,
    compare_features,
    open_exported,
    random_pictures,
)
from learning_reid.io.yaml_file import read_mapping
from learning_reid.models.state_dict import trained_input_size
from learning_reid.models.registry import check_name
from learning_reid.models.registry import create_model
from learning_reid.models.weights_file import resolve_weights
from learning_reid.zoo.checksums import sha256_of

Format = Literal["onnx", "openvino"]
SUFFIXES: dict[Format, str] = {"onnx": ".onnx", "openvino": ".xml"}


@dataclass(frozen=True)
class ExportConfig:
    """What is wanted.

    Attributes:
        name: the network, one of `learning_reid.models.registry`.
        weights: as `resolve_weights` takes them.
        target: the file to write; OpenVINO's .bin goes beside its .xml.
        format: what kind of file.
        pairs: similarity inside the file instead of features; see `write_onnx`.
        calibration: pictures (h, w, 3) uint8 RGB for int8; None = float32.
        verify: hold the features against the original's, on random pictures and on `pictures`.
        pictures: real ones for that, (h, w, 3) uint8 RGB.
        crops: labelled ones, on which mAP may fall by no more than the gate; None = not measured.
        gate: points of mAP.
    """

    name: str
    weights: str
    target: Path
    format: Format = "onnx"
    pairs: Pairs | None = None
    calibration: Sequence[np.ndarray] | None = None
    verify: bool = False
    pictures: Sequence[np.ndarray] = ()
    crops: CropDataset | None = None
    gate: float = 0.5


@dataclass
class Report:
    """What was written, and what was found out about it."""

    files: list[Path] = field(default_factory=list)
    dimension: int = 0
    parities: list[Parity] = field(default_factory=list)
    accuracy: Accuracy | None = None


def export_model(order: ExportConfig, say: Callable[[str], object] = lambda line: None) -> Report:
    """Write the file that is wanted; where it does not pass, nothing is left of it.

    A threshold that was calibrated for the weights goes along, where the features are the same (float32).

    Args:
        order: what is wanted.
        say: told what is being done, as it takes a while.

    Raises:
        UserError: weights, pictures or packages are missing, the file fails its verification, or cannot be written.
    """
    _check(order)
    source = resolve_weights(order.name, order.weights)
    network, preprocessing = create_model(order.name, source), Preprocessing(*trained_input_size(order.name, source))
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=order.target.parent) as folder:
            draft = Path(folder) / order.target.name
            _write(order, network, preprocessing, draft, say)
            report = Report()
            if order.verify or order.crops is not None:
                original = TorchEmbedder(network, preprocessing)
                _verify(order, original, open_exported(draft, order.name), report, say)
            for part in sorted(Path(folder).glob(f"{draft.stem}.*")):
                report.files.append(part.replace(order.target.with_name(part.name)))
    except OSError as error:
        raise UserError(
            f"{order.target} cannot be written ({error.strerror or error}); name another with --out"
        ) from None
    if order.calibration is None and order.pairs is None and operating_point_file(source).is_file():
        report.files.append(_carry_threshold(order, source))
    return report


def _check(order: ExportConfig) -> None:
    """Refuse before any work what could only be refused after it."""
    check_name(order.name)
    if order.pairs and (order.calibration is not None or order.verify):
        raise UserError("similarity inside the file goes with neither int8 nor verify; leave out --pairs, or those two")
    if order.calibration is not None and len(order.calibration) < FEWEST:
        raise UserError(f"{len(order.calibration)} pictures are too few to calibrate int8 on; give {FEWEST} or more")
    if order.crops is not None:
        check_answerable(order.crops)


def _carry_threshold(order: ExportConfig, source: Path) -> Path:
    """Write the threshold of the weights for the exported file too: its features are the same."""
    values = read_mapping(operating_point_file(source)) | {"weights_sha256": sha256_of(order.target)}
    file = operating_point_file(order.target)
    write_operating_point(file, OperatingPoint(**values))
    return file


def _write(
    order: ExportConfig, network: nn.Module, preprocessing: Preprocessing, draft: Path, say: Callable[[str], object]
) -> None:
    graph = draft if order.format == "onnx" and order.calibration is None else draft.parent / "float32.graph"
    say("writing the graph")
    write_onnx(order.name, network, (preprocessing.height, preprocessing.width), graph, order.pairs)
    if order.calibration is not None:
        from learning_reid.export.int8 import quantise

        say(f"calibrating int8 on {len(order.calibration)} pictures")
        floating, graph = graph, draft if order.format == "onnx" else draft.parent / "int8.graph"
        quantise(floating, graph, order.calibration, preprocessing)
    if order.format == "openvino":
        from learning_reid.export.openvino_file import write_openvino

        write_openvino(graph, draft)


def _verify(order: ExportConfig, original: Embedder, exported: Embedder, report: Report, say: Callable[[str], object]) -> None:
    size = original.preprocessing.height, original.preprocessing.width
    report.dimension = exported.dimension
    for kind, pictures in {"random": random_pictures(*size), "real": order.pictures}.items():
        if order.verify and pictures:
            say(f"comparing features of {kind} pictures")
            parity = compare_features(original, exported, pictures, kind)
            report.parities.append(parity)
            check_parity(parity, int8=order.calibration is not None)
    if order.crops is not None:
        say("comparing mAP")
        report.accuracy = compare_accuracy(original, exported, order.crops)
        check_accuracy(report.accuracy, order.gate)
