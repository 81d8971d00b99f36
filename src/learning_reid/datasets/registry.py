"""Registry of dataset readers: root, findings → samples.

A reader adds invalid labels to the findings, and raises `WrongLayout` if the folder has another layout.
"""

from collections.abc import Callable
from pathlib import Path

from learning_reid.datasets.findings import Findings
from learning_reid.datasets.sample import Sample
from learning_reid.registry import Registry

Reader = Callable[[Path, Findings], list[Sample]]

READERS: Registry[Reader] = Registry("dataset", "learning_reid.datasets", "register_dataset")
register_dataset = READERS.register
