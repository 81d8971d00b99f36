"""Read YAML with the scalars of YAML 1.2 (`1e-3` is a number, `12:30` is text) and without duplicate keys."""

import math
import re
from pathlib import Path
from typing import Any

import yaml

from learning_reid.errors import UserError

MAX_VALUES = 100_000  # of a document with its aliases expanded


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the plain scalars of YAML 1.2 and an error for duplicate keys."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (PyYAML expects a class attribute)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        seen = set()
        for key in keys:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} is given twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in [
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
]:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), _first)


def parse_yaml(text: str) -> Any:
    """Parse one YAML document; raise a yaml.YAMLError for text that is not YAML.

    >>> parse_yaml("{lr: 1e-3, start: 12:30}")
    {'lr': 0.001, 'start': '12:30'}
    """
    try:
        document = yaml.load(text, Loader=_Loader)
        if _count_values(document, {}) > MAX_VALUES:
            raise yaml.YAMLError(f"its aliases refer to themselves, or to more than {MAX_VALUES:,} values")
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    except ValueError as error:  # a value that its tag does not fit, such as `!!int x`
        raise yaml.YAMLError(str(error)) from None
    return document


def _count_values(value: Any, counts: dict[int, float]) -> float:
    """Count the values of a document with its aliases expanded; `counts` has those of lists and mappings by id."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in counts:
        counts[id(value)] = math.inf  # until it is counted, only an alias to itself can ask for it
        inner = value.values() if isinstance(value, dict) else value
        counts[id(value)] = 1 + sum(_count_values(each, counts) for each in inner)
    return counts[id(value)]


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping; an empty file is an empty mapping.

    Raises:
        UserError: The file is missing or unreadable, is not YAML (the message has the line), or is not a mapping.
    """
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; name an existing YAML file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a YAML file ({_reason(error)})") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{path}, line {line}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        found = type(content).__name__
        raise UserError(f"{path}: expected keys with values (`input:`, …) at the top level, found {found}")
    return {str(key): value for key, value in content.items()}


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"
