"""Load settings from a YAML file and `--set key=value`, and check them: default < YAML < --set."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from learning_reid.config.describe import Setting, in_yaml, list_settings
from learning_reid.config.legacy_keys import translate_legacy_keys
from learning_reid.config.schema import Settings
from learning_reid.errors import UserError, did_you_mean, hide_credentials
from learning_reid.io.paths import find_config
from learning_reid.io.yaml_file import parse_yaml, read_mapping

S = TypeVar("S", bound=BaseModel)


def load_settings(config: str | Path | None, overrides: Sequence[str] = ()) -> Settings:
    """Load and check the settings of the pipeline; see `read_settings`.

    >>> load_settings(None, ["input.frames_path=video.mp4", "ranking.metric=cosine"]).ranking.metric
    'cosine'
    """
    return read_settings(Settings, config, overrides)


def read_settings(schema: type[S], config: str | Path | None, overrides: Sequence[str] = ()) -> S:
    """Load and check settings.

    Args:
        schema: The settings class.
        config: A YAML file of settings, or the name of one that comes with the project (``demo``); None = only the
            defaults.
        overrides: Texts `key.sub=value`, which override the file and each other in their order; values are YAML
            (`null`, `3`, `[0, 2]`).

    Returns:
        The settings, frozen.

    Raises:
        UserError: The file cannot be read, a key is unknown, or a value has a wrong type or range. The message names
            the source, the key and what was expected.
    """
    known = {setting.key: setting for setting in list_settings(schema)}
    sources = []
    if config is not None:
        file = find_config(Path(config))
        sources.append((str(file), flatten(read_mapping(file))))
    sources.append(("--set", _parse_overrides(overrides)))
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for source, values in sources:
        values, notes = translate_legacy_keys(values)
        if notes:
            print(f"note: {source}: deprecated keys: {'; '.join(notes)}", file=sys.stderr)
        _check_keys(source, values, known)
        merged.update(values)
        origin.update(dict.fromkeys(values, source))
    try:
        return schema.model_validate(nest(merged))
    except ValidationError as error:
        raise _user_error(error, known, merged, origin, sources[0][0]) from error


def dump_settings(settings: BaseModel) -> str:
    """Return all settings as YAML, including defaults; loading it again gives equal settings, except for credentials.

    User names and passwords of network addresses are masked, because the result is written to a file.
    """
    return yaml.safe_dump(_without_credentials(settings.model_dump()), sort_keys=False, allow_unicode=True)


def _without_credentials(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_credentials(item) for key, item in value.items()}
    return hide_credentials(value) if isinstance(value, str) else value


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of a nested mapping by dotted key; an empty section has none.

    >>> flatten({"input": {"query_frame": 3}, "ranking": None})
    {'input.query_frame': 3}
    """
    values: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            values |= flatten(value, f"{prefix}{name}.")
        elif value is not None or prefix:  # a section whose lines are all commented out reads as null
            values[f"{prefix}{name}"] = value
    return values


def nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested mapping of dotted keys, the inverse of `flatten`.

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
    # Unquoted text is taken literally, so that a path may contain " #" or ": ".
    return text if isinstance(value, (str, dict)) and text.lstrip()[0] not in "'\"{" else value


def _check_keys(source: str, values: Mapping[str, Any], known: Mapping[str, Setting]) -> None:
    sections = {key.partition(".")[0] for key in known}
    for key in values:
        if key in sections:
            names = ", ".join(name.partition(".")[2] for name in known if name.startswith(f"{key}."))
            raise UserError(f"{source}: {key}: expected keys below it ({names}), got {values[key]!r}")
        if key not in known:
            raise UserError(f"{source}: {key}: unknown key; {_nearest_key(key, list(known))}")


def _nearest_key(key: str, known: Sequence[str]) -> str:
    """Suggest a key of the same name in another section, else one of the same section, else a similar one."""
    section, _, name = key.rpartition(".")
    same_name = [other for other in known if other.rpartition(".")[2] == name]
    if same_name:
        return f"did you mean {same_name[0]!r}?"
    same_section = [other for other in known if other.startswith(f"{section}.")]
    hint = did_you_mean(key, same_section or known, most=1)
    far = not same_section and not hint.startswith("did")
    return did_you_mean(section, {other.partition(".")[0]: None for other in known}) if far else hint


def _user_error(
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
