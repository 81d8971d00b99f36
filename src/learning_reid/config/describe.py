"""Describe settings in words, for error messages and for the documentation pages."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


@dataclass(frozen=True)
class Setting:
    """One setting: its dotted key, and in words the accepted values, the default and the meaning."""

    key: str
    accepts: str
    default: str
    description: str


def list_settings(schema: type[BaseModel]) -> list[Setting]:
    """List the settings of a schema made of sections, in its order.

    >>> from learning_reid.config.schema import Settings
    >>> next(s.accepts for s in list_settings(Settings) if s.key == "detector.min_score")
    'a number ≥ 0 and ≤ 1, or null'
    """
    settings = []
    for section, model in _sections(schema):
        for name, shape in model.model_json_schema()["properties"].items():
            default = f"`{_plain(shape['default'])}`" if "default" in shape else "required"
            settings.append(Setting(f"{section}.{name}", describe_type(shape), default, shape.get("description", "")))
    return settings


def describe_type(shape: dict[str, Any]) -> str:
    """Describe a JSON-schema fragment as an English phrase; its key "accepts" is used as it is.

    >>> describe_type({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]})
    'a whole number ≥ 1, or null'
    """
    if "accepts" in shape:
        return str(shape["accepts"])
    if "anyOf" in shape:
        return _either([describe_type(choice) for choice in shape["anyOf"]])
    if "const" in shape or "enum" in shape:
        return _either([str(value) for value in shape.get("enum", [shape.get("const")])])
    if shape["type"] == "array":
        return f"a list of {describe_type(shape['items']).removeprefix('a ').replace('number', 'numbers')}"
    bounds = [f"{sign} {shape[name]:g}" for name, sign in _BOUNDS.items() if name in shape]
    return " ".join([_TYPES[shape["type"]], " and ".join(bounds)]).strip()


def settings_page(schema: type[BaseModel]) -> str:
    """Return the documentation page of a schema: its ``INTRODUCTION``, then a table for each section."""
    parts = [schema.INTRODUCTION]  # type: ignore[attr-defined]
    settings = list_settings(schema)
    for section, model in _sections(schema):
        parts.append(f"\n## {section}\n\n{(model.__doc__ or '').strip()}\n\n")
        parts.append("| key | accepts | default | meaning |\n|---|---|---|---|\n")
        for one in settings:
            if one.key.startswith(f"{section}."):
                parts.append(f"| `{one.key}` | {one.accepts} | {one.default} | {one.description} |\n")
    return "".join(parts)


def in_yaml(value: Any) -> str:
    """Write a value as in a YAML file.

    >>> in_yaml(None), in_yaml(True), in_yaml("a"), in_yaml([0, 2])
    ('null', 'true', "'a'", '[0, 2]')
    """
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else repr(value)


def _sections(schema: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    return [
        (name, field.annotation)
        for name, field in schema.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    ]


def _either(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])}, or {choices[-1]}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else in_yaml(value)
