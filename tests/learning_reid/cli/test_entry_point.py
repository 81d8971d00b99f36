"""The command line as a program: exit statuses, streams, and independence of the current folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from learning_reid.cli.entry_point import app

ROOT = Path(__file__).resolve().parents[3]


def run_main(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(ROOT / "src/main.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=inherited | environment)


def test_help_lists_the_commands_and_the_options() -> None:
    done = run_main("--help")
    assert done.returncode == 0
    for word in ("--config", "--set", "confs/config.yml", "settings", "detection"):
        assert word in done.stdout


@pytest.mark.parametrize("environment", [{}, {"PYTHONPATH": "./"}, {"PYTHONPATH": "src"}], ids=["bare", "root", "src"])
def test_it_works_with_and_without_a_module_path(environment: dict[str, str]) -> None:
    assert run_main("settings", **environment).stdout.startswith("# Settings")


def test_it_works_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()  # must not be confused with the project's
    assert run_main("settings", cwd=tmp_path).stdout.startswith("# Settings")


@pytest.mark.parametrize("arguments", [["--nope"], ["nope"], ["--config"], ["settings", "extra"]], ids=" ".join)
def test_a_wrong_command_line_exits_with_2(arguments: list[str]) -> None:
    done = run_main(*arguments)
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["extract"], ["extract", "--start"], ["--config"]], ids=" ".join)
def test_a_wrong_command_line_does_not_show_credentials(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, [*arguments, "rtsp://admin:secret@camera/1"])
    assert done.exit_code in (1, 2)
    assert "secret" not in done.output + str(done.exception)


def test_a_wrong_device_exits_with_2() -> None:
    done = run_main("verify", "--img1", "a", "--img2", "b", "--device", "gpu")
    assert done.returncode == 2 and "'gpu' is not one of auto, cpu, cuda, cuda:N, or mps" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "none.yml"], "none.yml: no such file"),
        (["--config", "src"], "src: cannot be read"),
        (["--set", "input.query_fram=1"], "did you mean 'input.query_frame'?"),
    ],
)
def test_a_problem_is_reported_in_one_line_and_exits_with_1(arguments: list[str], message: str) -> None:
    done = run_main(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert message in done.stderr


def test_a_packaged_configuration_is_read_from_any_folder(tmp_path: Path) -> None:
    done = run_main("--config", "demo", "--set", "output.fps=0", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("--set: output.fps: expected")
    done = run_main("--config", "dome", "--set", "output.fps=0", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("dome: no such file")


def test_a_missing_package_is_reported_with_the_command_that_installs_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from learning_reid.cli import entry_point

    def fail(**_: object) -> None:
        raise ModuleNotFoundError("No module named 'gradio'", name="gradio")

    monkeypatch.setattr(entry_point, "app", fail)
    with pytest.raises(SystemExit, match="this command needs the package 'gradio', which is not installed; run: .*app"):
        entry_point.main()


def test_a_python_without_the_packages_gets_the_command_that_installs_them() -> None:
    done = subprocess.run([sys.executable, "-S", "-I", "src/main.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "make demo" in done.stderr
