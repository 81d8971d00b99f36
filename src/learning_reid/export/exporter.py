"""Export a model for other programs: write, quantize, convert and verify; only files that pass are kept."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from torch import nn

from learning_reid.datasets.sample import CropDataset
from learning_reid.embedding.backend_torch import TorchEmbedder
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.operating_point import (
    find_operating_point,
    operating_point_file,
    read_operating_point,
    write_operating_point,
)
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.errors import UserError
from learning_reid.export.graph import Pairs, write_onnx, write_openvino
from learning_reid.export.int8 import MIN_IMAGES, quantize
from learning_reid.export.verify import (
    AccuracyChange,
    Parity,
    check_accuracy,
    check_crops,
    check_parity,
    compare_accuracy,
    compare_features,
    open_exported,
    random_images,
)
from learning_reid.io.markdown import percent, signed
from learning_reid.models.registry import check_model_name, create_model
from learning_reid.models.state_dict import trained_input_size
from learning_reid.models.weights_file import resolve_weights
from learning_reid.zoo.checksums import sha256_of

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportConfig:
    """What to export, and how to verify it."""

    name: str  #: The model, one of `learning_reid.models.list_models()`
    weights: str  #: See `create_embedder`
    target: Path  #: The file to write; OpenVINO's .bin is written beside its .xml
    format: Literal["onnx", "openvino"] = "onnx"  #: "onnx" or "openvino"
    pairs: Pairs | None = None  #: Output similarities instead of embeddings; see `write_onnx`
    calibration: Sequence[np.ndarray] | None = None  #: Images (h, w, 3) uint8 RGB to calibrate int8 on; None = float32
    verify: bool = False  #: Compare the embeddings with those of the original, on random images and on `images`
    images: Sequence[np.ndarray] = ()  #: Real images for the comparison, (h, w, 3) uint8 RGB
    crops: CropDataset | None = None  #: Labeled crops to measure the loss of mAP on; None = not measured
    protocol: str = "market1501"  #: Evaluation protocol of that mAP
    gate: float = 0.5  #: Largest accepted loss of mAP in points


@dataclass
class ExportReport:
    """What was written, and the results of the verification."""

    files: list[Path] = field(default_factory=list)  #: The written files
    dimension: int = 0  #: Length of the embeddings; 0 if not verified
    parities: list[Parity] = field(default_factory=list)  #: Differences of the embeddings, for each kind of images
    accuracy: AccuracyChange | None = None  #: mAP before and after; None if not measured

    def __str__(self) -> str:
        lines = [f"{file!s:<40} {file.stat().st_size / 1e6:8.2f} MB" for file in self.files]
        for parity in self.parities:
            differences = ", ".join(f"{size}: {value:.1e}" for size, value in parity.difference.items())
            line = f"largest difference by batch  {differences};  lowest cosine {parity.cosine:.5f}"
            lines.append(f"{parity.kind:<7} {line}")
        if (found := self.accuracy) is not None:
            change = f"{percent(found.before)} -> {percent(found.after)} ({signed(found.after - found.before)} points"
            lines.append(f"mAP     {change}, {found.queries} queries)")
        return "\n".join(lines)


def export_model(config: ExportConfig) -> ExportReport:
    """Write the exported files; if they do not pass the verification, nothing is written.

    A threshold that was calibrated for the weights is exported too if the embeddings are the same (float32).
    The start of each step is logged.

    Raises:
        UserError: Weights, images or packages are missing, the verification fails, or the file cannot be written.
    """
    _check(config)
    source = resolve_weights(config.name, config.weights)
    model = create_model(config.name, source).requires_grad_(False)
    preprocessing = Preprocessing(*trained_input_size(config.name, source))
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=config.target.parent) as folder:
            draft = Path(folder) / config.target.name
            _write(config, model, preprocessing, draft)
            report = ExportReport()
            if config.verify or config.crops is not None:
                original = TorchEmbedder(model, preprocessing)
                _verify(config, original, open_exported(draft, config.name), report)
            for part in sorted(Path(folder).glob(f"{draft.stem}.*")):
                report.files.append(part.replace(config.target.with_name(part.name)))
    except OSError as error:
        raise UserError(
            f"{config.target} cannot be written ({error.strerror or error}); choose another file with --out"
        ) from None
    calibrated = None if config.calibration is not None or config.pairs else find_operating_point(source)
    if calibrated is not None:
        report.files.append(_export_threshold(config.target, calibrated))
    return report


def _check(config: ExportConfig) -> None:
    """Raise an error for a configuration that cannot work, before any work is done."""
    check_model_name(config.name)
    if config.pairs and (config.calibration is not None or config.verify):
        raise UserError("--pairs cannot be combined with int8 or --verify; leave out --pairs, or those two")
    if config.calibration is not None and (count := len(config.calibration)) < MIN_IMAGES:
        raise UserError(f"{count} images are too few to calibrate int8; give {MIN_IMAGES} or more")
    if config.crops is not None:
        check_crops(config.crops, config.protocol)


def _export_threshold(target: Path, calibrated: Path) -> Path:
    """Write the threshold of the weights for the exported file, whose embeddings are the same."""
    file = operating_point_file(target)
    write_operating_point(file, replace(read_operating_point(calibrated), weights_sha256=sha256_of(target)))
    return file


def _write(config: ExportConfig, model: nn.Module, preprocessing: Preprocessing, draft: Path) -> None:
    graph = draft if config.format == "onnx" and config.calibration is None else draft.parent / "float32.graph"
    _LOG.info("writing the graph …")
    write_onnx(config.name, model, (preprocessing.height, preprocessing.width), graph, config.pairs)
    if config.calibration is not None:
        _LOG.info("calibrating int8 on %d images …", len(config.calibration))
        floating, graph = graph, draft if config.format == "onnx" else draft.parent / "int8.graph"
        quantize(floating, graph, config.calibration, preprocessing)
    if config.format == "openvino":
        write_openvino(graph, draft)


def _verify(config: ExportConfig, original: Embedder, exported: Embedder, report: ExportReport) -> None:
    size = original.preprocessing.height, original.preprocessing.width
    report.dimension = exported.dimension
    for kind, images in {"random": random_images(*size), "real": config.images}.items():
        if config.verify and images:
            _LOG.info("comparing embeddings of %s images …", kind)
            parity = compare_features(original, exported, images, kind)
            report.parities.append(parity)
            check_parity(parity, int8=config.calibration is not None)
    if config.crops is not None:
        _LOG.info("comparing mAP …")
        report.accuracy = compare_accuracy(original, exported, config.crops, config.protocol)
        check_accuracy(report.accuracy, config.gate)
