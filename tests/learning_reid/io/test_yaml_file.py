"""YAML 1.2 scalars, and errors in one line."""

import math
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.io.yaml_file import parse_yaml, read_mapping


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-3", -3), ("0", 0), ("1e-3", 0.001), ("0.5", 0.5), (".5", 0.5), ("2.", 2.0), ("null", None), ("~", None), ("", None),
        ("true", True), ("False", False), ("yes", "yes"), ("off", "off"), ("12:30", "12:30"), ("2024-01-01", "2024-01-01"),
        ("synthetic:5", "synthetic:5"), ("007", "007"), ("1_000", "1_000"), ("[0, 2]", [0, 2]), ("'3'", "3"), ("1.2.3", "1.2.3"),
        (".inf", math.inf), ("no such word", "no such word"),
    ],
)  # fmt: skip
def test_scalars(text: str, value: object) -> None:
    parsed = parse_yaml(text)
    assert parsed == value and type(parsed) is type(value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"input:\n  a: 1\n  a: 2\n", "line 3: .*'a' is given twice"),
        (b"input:\n\ta: 1\n", "line 2: not valid YAML"),
        (b"input: [1, 2\n", "line 2: not valid YAML"),
        (b"- 1\n- 2\n", "at the top level, found list"),
        (b"just words\n", "at the top level, found str"),
        (b"\xff\xfe\x00", "cannot be read as a YAML file"),
        (b"a: \x01\n", "not valid YAML"),
        (b"? [1, 2]\n: 3\n", "not valid YAML"),
        (b"a: !!python/object/apply:os.system [ls]\n", "line 1: not valid YAML"),
        (b"a: !!int x\n", "not valid YAML"),
        (b"a: " + b"[" * 100_000, "nested too deeply"),
        (b"a: " + b"{b: " * 5_000 + b"}" * 5_000, "nested too deeply"),
        (b"a: &x [*x]\n", "aliases refer to themselves"),
        (b"&x\na: *x\n", "aliases refer to themselves"),
        (b"a: &x {b: {c: [1, *x]}}\n", "aliases refer to themselves"),
        (
            b"a0: &a0 [1, 1]\n" + b"".join(b"a%d: &a%d {x: *a%d, y: *a%d}\n" % (i + 1, i + 1, i, i) for i in range(40)),
            "100,000 values",
        ),
    ],
)
def test_a_file_that_is_not_a_mapping_is_reported_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.yml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        read_mapping(path)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_mapping(tmp_path / "none.yml")
    with pytest.raises(UserError, match="cannot be read"):
        read_mapping(tmp_path)


def test_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    (tmp_path / "empty.yml").write_text("# nothing yet\n")
    assert read_mapping(tmp_path / "empty.yml") == {}
