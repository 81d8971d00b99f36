"""Dataset layouts by name."""

from collections.abc import Callable
from pathlib import Path

from learning_reid.datasets.findings import Findings
from learning_reid.datasets.sample import Sample
from learning_reid.registry import Registry

LAYOUTS: Registry[Callable[[Path, Findings], list[Sample]]] = Registry(
    "dataset", "learning_reid.datasets", "register_dataset"
)
register_dataset = LAYOUTS.register
