"""The door: exit statuses, where messages go, and what it loads."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def door(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(ROOT / "src/main.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=without | environment)


def test_help_names_the_commands_and_the_options() -> None:
    done = door("--help")
    assert done.returncode == 0
    for word in ("--config", "--set", "confs/config.yml", "settings", "detection"):
        assert word in done.stdout


@pytest.mark.parametrize("environment", [{}, {"PYTHONPATH": "./"}, {"PYTHONPATH": "src"}], ids=["bare", "root", "src"])
def test_it_works_with_and_without_a_module_path(environment: dict[str, str]) -> None:
    assert door("settings", **environment).stdout.startswith("# Settings")


def test_it_works_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()  # must not be taken for the project's
    assert door("settings", cwd=tmp_path).stdout.startswith("# Settings")


@pytest.mark.parametrize("arguments", [["--nope"], ["nope"], ["--config"], ["settings", "extra"]], ids=" ".join)
def test_a_wrong_command_line_ends_with_2(arguments: list[str]) -> None:
    done = door(*arguments)
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "none.yml"], "none.yml: no such file"),
        (["--config", "src"], "src: cannot be read"),
        (["--set", "input.query_fram=1"], "did you mean 'input.query_frame'?"),
    ],
)
def test_a_problem_is_told_in_a_line_and_ends_with_1(arguments: list[str], said: str) -> None:
    done = door(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert said in done.stderr


def test_help_and_wrong_settings_load_no_network_library() -> None:
    for arguments in (["--help"], ["--set", "nope=1"]):
        code = (
            "import runpy, sys\n"
            f"sys.argv = ['src/main.py', *{arguments}]\n"
            "try: runpy.run_path('src/main.py', run_name='__main__')\n"
            "except SystemExit: pass\n"
            "print('loaded', *({'torch', 'tensorflow', 'onnxruntime', 'supervision', 'matplotlib'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "loaded"


def test_a_new_file_of_cli_is_a_new_command(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "src/learning_reid/cli/greet.py").write_text(
        "from learning_reid.errors import UserError\n\n"
        'def run(name: str = "you") -> None:\n    """Say hello."""\n'
        '    if name == "nobody":\n        raise UserError("nobody is there")\n    print("hello", name)\n'
    )
    main = [sys.executable, str(tmp_path / "src/main.py")]
    assert "Say hello." in subprocess.run([*main, "--help"], capture_output=True, text=True).stdout
    assert subprocess.run([*main, "greet", "--name", "Ada"], capture_output=True, text=True).stdout == "hello Ada\n"
    failed = subprocess.run([*main, "greet", "--name", "nobody"], capture_output=True, text=True)
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", "nobody is there\n")


def test_a_python_without_the_packages_is_told_the_way() -> None:
    done = subprocess.run([sys.executable, "-S", "-I", "src/main.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "make demo" in done.stderr
