"""Renamed options keep their old names; a flag may take several values; every command has -h and --version."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from learning_reid import __version__
from learning_reid.cli.commands import repeat_flags, replace_renamed
from learning_reid.cli.entry_point import COMMANDS, app, entry_points


@pytest.mark.parametrize(
    ("written", "translated"),
    [
        (["--images", "a", "b", "--models", "m", "n"], "--images a --images b --models m --models n"),
        (["--images=a", "b"], "--images=a --images b"),
        (["--images", "a", "--images", "b", "c"], "--images a --images b --images c"),
        (["--out", "x", "b"], "--out x b"),  # one value too many, which the parser reports
        (["--images", "a", "--out", "x", "b"], "--images a --out x b"),
        (["--images"], "--images"),
    ],
)
def test_several_values_may_follow_a_flag(written: list[str], translated: str) -> None:
    assert repeat_flags(written, ["--images", "--models"]) == translated.split()


def test_a_renamed_option_keeps_its_old_name_with_one_note(capsys: pytest.CaptureFixture[str]) -> None:
    renamed = {"--picture": "--plot"}
    assert replace_renamed(["--picture", "a.png", "--json=b"], renamed) == ["--plot", "a.png", "--json=b"]
    assert replace_renamed(["--picture=a.png"], renamed) == ["--plot=a.png"]
    assert capsys.readouterr().err == 2 * "note: --picture is deprecated; use --plot\n"
    assert replace_renamed(["--plot", "--pictures"], renamed) == ["--plot", "--pictures"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("verify", ["--picture"]),
        ("identify", ["--picture", "--nearest"]),
        ("calibrate", ["--picture"]),
        ("similarity", ["--most-pairs"]),
    ],
)
def test_old_options_are_accepted_and_hidden(command: str, options: list[str]) -> None:
    shown = CliRunner().invoke(app, [command, "--help"]).output
    for option in options:
        assert option not in shown
        done = CliRunner().invoke(app, [command, option, "3"])
        assert "No such option" not in done.output and f"{option} is deprecated" in done.output


def every_command() -> list[str]:
    found = []
    for name in entry_points(COMMANDS):
        shown = CliRunner().invoke(app, [name, "-h"]).output
        _, _, listed = shown.partition("Commands:\n")
        found += [name, *(f"{name} {line.split()[0]}" for line in listed.splitlines() if line[2:3].strip())]
    return found


def test_every_command_has_help_and_a_version() -> None:
    commands = every_command()
    assert len(commands) > 20 and "zoo list" in commands
    for command in ("", *commands):
        for flag, text in (("-h", "Usage: "), ("--help", "Usage: "), ("--version", f"learning-reid {__version__}\n")):
            done = CliRunner().invoke(app, [*command.split(), flag])
            assert done.exit_code == 0 and done.stdout.startswith(text), f"{command} {flag}: {done.output}"


def test_help_and_tables_of_the_zoo_load_no_heavy_library(repository: Path) -> None:
    heavy = {"torch", "pandas", "matplotlib", "supervision", "cv2", "numba", "sqlalchemy", "scipy", "onnxruntime"}
    for arguments in (["--help"], ["zoo", "list"], ["verify", "-h"], ["search", "-h"], ["--set", "nope=1"]):
        code = (
            "import runpy, sys\n"
            f"sys.argv = ['src/main.py', *{arguments}]\n"
            "try: runpy.run_path('src/main.py', run_name='__main__')\n"
            "except SystemExit: pass\n"
            f"print('loaded', *({heavy} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "loaded", arguments


def test_a_command_of_another_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from learning_reid.cli import entry_point

    (tmp_path / "greeting.py").write_text(
        "from learning_reid.errors import UserError\n\n"
        "RENAMED = {'--title': '--name'}\n\n"
        'def run(name: str = "you") -> None:\n    """Say hello."""\n    print("hello", name)\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(entry_point, "entry_points", lambda group: {"greet": "greeting"})
    assert "Say hello." in CliRunner().invoke(app, ["--help"]).output
    assert CliRunner().invoke(app, ["greet", "--title", "Ada"]).stdout == "hello Ada\n"
