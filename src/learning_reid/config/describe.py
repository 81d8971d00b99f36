"""Say in words what a setting accepts: for the messages about wrong values, and for docs/configuration.md."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


@dataclass(frozen=True)
class Setting:
    """One key of the settings, described from the schema."""

    key: str
    accepts: str
    default: str
    description: str


def list_settings(schema: type[BaseModel]) -> list[Setting]:
    """Every dotted key of a schema made of sections, in its order.

    >>> from learning_reid.config.schema import Settings
    >>> next(s.accepts for s in list_settings(Settings) if s.key == "detector.min_score")
    'a number ≥ 0 and ≤ 1, or null'
    """
    settings = []
    for section, model in _sections(schema):
        for name, shape in model.model_json_schema()["properties"].items():
            default = _yaml_word(shape["default"]) if "default" in shape else "must be given"
            settings.append(Setting(f"{section}.{name}", words(shape), default, shape.get("description", "")))
    return settings


def words(shape: dict[str, Any]) -> str:
    """A JSON-schema fragment as an English phrase.

    >>> words({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]})
    'a whole number ≥ 1, or null'
    """
    if "anyOf" in shape:
        return _either([words(choice) for choice in shape["anyOf"]])
    if "const" in shape or "enum" in shape:
        return _either([str(value) for value in shape.get("enum", [shape.get("const")])])
    if shape["type"] == "array":
        return f"a list of {words(shape['items']).removeprefix('a ').replace('number', 'numbers')}"
    bounds = [f"{sign} {shape[name]:g}" for name, sign in _BOUNDS.items() if name in shape]
    return " ".join([_KINDS[shape["type"]], " and ".join(bounds)]).strip()


def settings_page(schema: type[BaseModel]) -> str:
    """Return the documentation page of a settings class: its `INTRODUCTION`, then a table for each section."""
    introduction: str = schema.INTRODUCTION  # type: ignore[attr-defined]
    return introduction + settings_tables(schema)


def settings_tables(schema: type[BaseModel]) -> str:
    """A heading and a table for each section."""
    rows = {setting.key: setting for setting in list_settings(schema)}
    parts = []
    for section, model in _sections(schema):
        parts.append(f"\n## {section}\n\n{(model.__doc__ or '').strip()}\n\n")
        parts.append("| key | accepts | default | meaning |\n|---|---|---|---|\n")
        for row in rows.values():
            if row.key.startswith(f"{section}."):
                parts.append(f"| `{row.key}` | {row.accepts} | {row.default} | {row.description} |\n")
    return "".join(parts)


def _sections(schema: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    return [
        (name, field.annotation)
        for name, field in schema.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    ]


def _either(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])}, or {choices[-1]}"


def in_yaml(value: Any) -> str:
    """A value as one would write it: `null`, `true`, `3`, `'text'`.

    >>> in_yaml(None), in_yaml(True), in_yaml("a"), in_yaml([0, 2])
    ('null', 'true', "'a'", '[0, 2]')
    """
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else repr(value)


def _yaml_word(value: Any) -> str:
    return f"`{value if isinstance(value, str) else in_yaml(value)}`"
