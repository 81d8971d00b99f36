"""The generated page of settings."""

from pathlib import Path

from src.settings.describe import configuration_page, list_settings, words
from src.settings.schema import Settings


def test_the_page_in_docs_is_the_schema(repository: Path) -> None:
    written = (repository / "docs/configuration.md").read_text(encoding="utf-8")
    assert written == configuration_page(Settings), "run: python src/main.py settings --write"


def test_every_setting_is_explained_once() -> None:
    settings = list_settings(Settings)
    assert len({setting.key for setting in settings}) == len(settings) == 19
    for setting in settings:
        assert setting.description.endswith("."), f"{setting.key} has no description"
        assert "|" not in setting.description, "would break the table"


def test_words() -> None:
    assert words({"type": "array", "items": {"type": "number", "exclusiveMinimum": 0.5}}) == "a list of numbers > 0.5"
    assert words({"type": "integer", "minimum": 1, "maximum": 9}) == "a whole number ≥ 1 and ≤ 9"
    assert words({"enum": ["a", "b"]}) == "a, or b"
