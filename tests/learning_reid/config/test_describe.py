"""The generated page of settings."""

from pathlib import Path

import pytest

from learning_reid.config.describe import configuration_page, list_settings, store_page, training_page, words
from learning_reid.config.schema import Settings
from learning_reid.config.training import TrainSettings
from reid_store.config import StoreSettings


def test_the_page_in_docs_is_the_schema(repository: Path) -> None:
    written = (repository / "docs/configuration.md").read_text(encoding="utf-8")
    assert written == configuration_page(Settings), "run: python src/main.py settings --write"


def test_the_page_of_training_is_its_schema(repository: Path) -> None:
    written = (repository / "docs/training_settings.md").read_text(encoding="utf-8")
    assert written == training_page(TrainSettings), "run: python src/main.py settings --write"


def test_the_page_of_the_store_is_its_schema(repository: Path) -> None:
    written = (repository / "docs/store_settings.md").read_text(encoding="utf-8")
    assert written == store_page(StoreSettings), "run: python src/main.py settings --write"


@pytest.mark.parametrize(("schema", "count"), [(Settings, 19), (TrainSettings, 46), (StoreSettings, 12)])
def test_every_setting_is_explained_once(schema: type, count: int) -> None:
    settings = list_settings(schema)
    assert len({setting.key for setting in settings}) == len(settings) == count
    for setting in settings:
        assert setting.description.endswith("."), f"{setting.key} has no description"
        assert "|" not in setting.description, "would break the table"


def test_words() -> None:
    assert words({"type": "array", "items": {"type": "number", "exclusiveMinimum": 0.5}}) == "a list of numbers > 0.5"
    assert words({"type": "integer", "minimum": 1, "maximum": 9}) == "a whole number ≥ 1 and ≤ 9"
    assert words({"enum": ["a", "b"]}) == "a, or b"
