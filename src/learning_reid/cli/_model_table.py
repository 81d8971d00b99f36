"""Which network when: speed, memory, size and accuracy side by side, as a Markdown table of measured figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from learning_reid.embedding.benchmark import Speed
from learning_reid.io.markdown import markdown_table, percent

TITLES = {"torch": "torch", "onnx": "ONNX Runtime", "openvino": "OpenVINO"}
_NOTHING = "–"


@dataclass(frozen=True)
class Accuracy:
    """How well a network finds people: rank-1 and mAP as shares (0–1), and where they were tested."""

    rank1: float
    map: float
    tested_on: str

    def __str__(self) -> str:
        return f"{percent(self.rank1)} / {percent(self.map)} {self.tested_on}".rstrip()


@dataclass(frozen=True)
class ModelRow:
    """One network.

    Attributes:
        name: of the network, or of a set of its weights.
        speeds: by backend; None where the backend cannot compute the network.
        parameters: how many numbers it stores.
        multiply_adds: for one picture.
        published: as its authors tell.
        measured: on this machine, where weights are at hand.
    """

    name: str
    speeds: Mapping[str, Speed | None] = field(default_factory=dict)
    parameters: int | None = None
    multiply_adds: int | None = None
    published: Accuracy | None = None
    measured: Accuracy | None = None


def model_table(rows: Sequence[ModelRow]) -> str:
    """The table; a column in which no network has a figure is left out.

    >>> row = ModelRow("osnet_x0_25", {"torch": Speed(235.4, 412.0), "onnx": None}, 203_568, 82_316_000)
    >>> print(model_table([row]))
    | network     | parameters, M | multiply-adds, G | torch, images/s | torch, peak MB |
    |:------------|--------------:|-----------------:|----------------:|---------------:|
    | osnet_x0_25 |          0.20 |             0.08 |             235 |            412 |
    """
    columns: dict[str, list[str]] = {
        "network": [row.name for row in rows],
        "parameters, M": [_shortened(row.parameters, 1e6) for row in rows],
        "multiply-adds, G": [_shortened(row.multiply_adds, 1e9) for row in rows],
    }
    backends = list(dict.fromkeys(backend for row in rows for backend in row.speeds))
    speeds = {backend: [row.speeds.get(backend) for row in rows] for backend in backends}
    for backend, all_ in speeds.items():
        columns[f"{TITLES.get(backend, backend)}, images/s"] = [_images(speed) for speed in all_]
    for backend, all_ in speeds.items():
        columns[f"{TITLES.get(backend, backend)}, peak MB"] = [
            _NOTHING if speed is None else f"{speed.peak_mb:.0f}" for speed in all_
        ]
    columns["published rank-1 / mAP"] = [str(row.published or _NOTHING) for row in rows]
    columns["measured rank-1 / mAP"] = [str(row.measured or _NOTHING) for row in rows]
    filled = {title: cells for title, cells in columns.items() if title == "network" or set(cells) - {_NOTHING}}
    return markdown_table(list(filled), list(zip(*filled.values(), strict=True)))


def _shortened(number: int | None, unit: float) -> str:
    return _NOTHING if number is None else f"{number / unit:.2f}"


def _images(speed: Speed | None) -> str:
    """Three digits, more than which no measurement on a shared machine gives."""
    if speed is None:
        return _NOTHING
    return f"{speed.images_per_s:.0f}" if speed.images_per_s >= 100 else f"{speed.images_per_s:.3g}"
