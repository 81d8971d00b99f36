"""The generated pages of settings."""

from pathlib import Path

import pytest

from learning_reid.config import Settings, TrainSettings
from learning_reid.config.describe import describe_type, list_settings, settings_page
from reid_store.config import StoreSettings

PAGES = [(Settings, "configuration"), (TrainSettings, "training_settings"), (StoreSettings, "store_settings")]


@pytest.mark.parametrize(("schema", "page"), PAGES)
def test_the_page_in_docs_matches_the_schema(repository: Path, schema: type, page: str) -> None:
    written = (repository / f"docs/{page}.md").read_text(encoding="utf-8")
    assert written == settings_page(schema), "run: python src/main.py settings --write"


@pytest.mark.parametrize("schema", [schema for schema, _ in PAGES])
def test_every_setting_is_described_once(schema: type) -> None:
    settings = list_settings(schema)
    assert len({setting.key for setting in settings}) == len(settings) > 10
    for setting in settings:
        assert setting.description.endswith("."), f"{setting.key} has no description"
        assert "|" not in setting.description, "would break the table"


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"type": "array", "items": {"type": "number", "exclusiveMinimum": 0.5}}, "a list of numbers > 0.5"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "a whole number ≥ 1 and ≤ 9"),
        ({"enum": ["a", "b"]}, "a, or b"),
        ({"type": "string", "pattern": "a|b", "accepts": "a, or b"}, "a, or b"),
    ],
)
def test_types_in_words(shape: dict, words: str) -> None:
    assert describe_type(shape) == words
