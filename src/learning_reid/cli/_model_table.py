"""Table of `zoo compare`: speed, memory, size and accuracy of models, as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from learning_reid.embedding.benchmark import Speed
from learning_reid.io.markdown import markdown_table, percent

TITLES = {"torch": "torch", "onnx": "ONNX Runtime", "openvino": "OpenVINO"}
_DASH = "–"


@dataclass(frozen=True)
class Accuracy:
    """Rank-1 and mAP as fractions (0–1), and the data they were measured on."""

    rank1: float
    map: float
    tested_on: str

    def __str__(self) -> str:
        return f"{percent(self.rank1)} / {percent(self.map)} {self.tested_on}".rstrip()


@dataclass(frozen=True)
class ModelRow:
    """One model.

    Attributes:
        name: Name of the model or of its weights.
        speeds: Speed by backend; None if the backend cannot run the model.
        parameters: Number of parameters.
        multiply_adds: Multiply-adds for one image.
        published: Published accuracy.
        measured: Accuracy measured on this machine.
    """

    name: str
    speeds: Mapping[str, Speed | None] = field(default_factory=dict)
    parameters: int | None = None
    multiply_adds: int | None = None
    published: Accuracy | None = None
    measured: Accuracy | None = None


def model_table(rows: Sequence[ModelRow]) -> str:
    """Format the table; a column without any value is left out.

    >>> row = ModelRow("osnet_x0_25", {"torch": Speed(235.4, 412.0), "onnx": None}, 203_568, 82_316_000)
    >>> print(model_table([row]))
    | model       | parameters, M | multiply-adds, G | torch, images/s | torch, peak MB |
    |:------------|--------------:|-----------------:|----------------:|---------------:|
    | osnet_x0_25 |          0.20 |             0.08 |             235 |            412 |
    """
    columns: dict[str, list[str]] = {
        "model": [row.name for row in rows],
        "parameters, M": [_scaled(row.parameters, 1e6) for row in rows],
        "multiply-adds, G": [_scaled(row.multiply_adds, 1e9) for row in rows],
    }
    backends = list(dict.fromkeys(backend for row in rows for backend in row.speeds))
    speeds = {backend: [row.speeds.get(backend) for row in rows] for backend in backends}
    for backend, of_backend in speeds.items():
        columns[f"{TITLES.get(backend, backend)}, images/s"] = [_images(speed) for speed in of_backend]
    for backend, of_backend in speeds.items():
        columns[f"{TITLES.get(backend, backend)}, peak MB"] = [
            _DASH if speed is None else f"{speed.peak_mb:.0f}" for speed in of_backend
        ]
    columns["published rank-1 / mAP"] = [str(row.published or _DASH) for row in rows]
    columns["measured rank-1 / mAP"] = [str(row.measured or _DASH) for row in rows]
    filled = {title: cells for title, cells in columns.items() if title == "model" or set(cells) - {_DASH}}
    return markdown_table(list(filled), list(zip(*filled.values(), strict=True)))


def _scaled(number: int | None, unit: float) -> str:
    return _DASH if number is None else f"{number / unit:.2f}"


def _images(speed: Speed | None) -> str:
    """Format three digits; measurements on a shared machine are not more precise."""
    if speed is None:
        return _DASH
    return f"{speed.images_per_s:.0f}" if speed.images_per_s >= 100 else f"{speed.images_per_s:.3g}"
