"""From a YAML file and `--set key=value` to checked settings: default < YAML < --set."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from learning_reid.config.describe import Setting, in_yaml, list_settings
from learning_reid.config.legacy_keys import translate
from learning_reid.config.schema import Settings
from learning_reid.errors import UserError, did_you_mean
from learning_reid.io.yaml_file import parse_yaml, read_mapping

S = TypeVar("S", bound=BaseModel)


def load_settings(config: Path | None, overrides: Sequence[str] = ()) -> Settings:
    """Read the settings of the walk-through and check them; see `load_as`."""
    return load_as(Settings, config, overrides)


def load_as(schema: type[S], config: Path | None, overrides: Sequence[str] = ()) -> S:
    """Read settings and check them.

    Args:
        schema: What settings there are.
        config: A YAML file of settings; `None` = only the defaults.
        overrides: `key.sub=value` texts, each stronger than the file and than those before it; values are YAML (`null`,
            `3`, `[0, 2]`).

    Returns:
        The settings, frozen.

    Raises:
        UserError: A file that cannot be read, an unknown key, a wrong type or range: where, which key, what was
            expected.
    """
    known = {setting.key: setting for setting in list_settings(schema)}
    sources = [(str(config), flatten(read_mapping(config)))] if config is not None else []
    sources.append(("--set", _parse_overrides(overrides)))
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for source, values in sources:
        values, notes = translate(values)
        if notes:
            print(f"note: {source}: old keys read as today's: {'; '.join(notes)}", file=sys.stderr)
        _refuse_unknown(source, values, known)
        merged.update(values)
        origin.update(dict.fromkeys(values, source))
    try:
        return schema.model_validate(nest(merged))
    except ValidationError as error:
        raise _worded(error, known, merged, origin, sources[0][0]) from error


def dump_settings(settings: BaseModel) -> str:
    """All settings as YAML, defaults included; loading it again gives the same settings."""
    return yaml.safe_dump(settings.model_dump(), sort_keys=False, allow_unicode=True)


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys of a nested mapping; a section without content has none.

    >>> flatten({"input": {"query_frame": 3}, "ranking": None})
    {'input.query_frame': 3}
    """
    return dict(_leaves(tree, prefix))


def nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """The opposite of `flatten`.

    >>> nest({"input.query_frame": 3, "input.truth": None})
    {'input': {'query_frame': 3, 'truth': None}}
    """
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *sections, name = key.split(".")
        branch = tree
        for section in sections:
            branch = branch.setdefault(section, {})
        branch[name] = value
    return tree


def _leaves(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        elif value is not None or prefix:  # a section whose lines are all commented out reads as null
            yield f"{prefix}{name}", value


def _parse_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UserError(f"--set {text}: expected key=value, for example --set input.max_frames=50")
        values |= flatten(nest({key.strip(): _parse_value(value)}))
    return values


def _parse_value(text: str) -> Any:
    try:
        value = parse_yaml(text)
    except yaml.YAMLError:
        return text
    # Unquoted text is taken as it stands, so that a path may hold " #" or ": ".
    return text if isinstance(value, (str, dict)) and text.lstrip()[0] not in "'\"{" else value


def _refuse_unknown(source: str, values: Mapping[str, Any], known: Mapping[str, Setting]) -> None:
    sections = {key.partition(".")[0] for key in known}
    for key in values:
        if key in sections:
            inside = ", ".join(name.partition(".")[2] for name in known if name.startswith(f"{key}."))
            raise UserError(f"{source}: {key}: expected keys below it ({inside}), got {values[key]!r}")
        if key not in known:
            raise UserError(f"{source}: {key}: unknown key; {_nearest_key(key, list(known))}")


def _nearest_key(key: str, known: Sequence[str]) -> str:
    """A key of the same name in another section is nearest, then one of the same section, then one spelt alike."""
    section, _, name = key.rpartition(".")
    same_name = [other for other in known if other.rpartition(".")[2] == name]
    if same_name:
        return f"did you mean {same_name[0]!r}?"
    same_section = [other for other in known if other.startswith(f"{section}.")]
    hint = did_you_mean(key, same_section or known, most=1)
    far = not same_section and not hint.startswith("did")
    return did_you_mean(section, {other.partition(".")[0]: None for other in known}) if far else hint


def _worded(
    error: ValidationError,
    known: Mapping[str, Setting],
    values: Mapping[str, Any],
    origin: Mapping[str, str],
    first_source: str,
) -> UserError:
    problem = error.errors()[0]
    path = ".".join(map(str, problem["loc"]))
    if problem["type"] == "missing":
        key = next(name for name in known if name == path or name.startswith(f"{path}."))
        return UserError(f"{first_source}: {key} is missing; give it in a YAML file or with --set {key}=…")
    key = next(name for name in known if path == name or path.startswith(f"{name}."))
    return UserError(f"{origin[key]}: {key}: expected {known[key].accepts}, got {in_yaml(values[key])}")
