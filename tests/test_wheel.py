"""The wheel: everything that runs from a checkout also runs from an installed package, in any folder."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict[str, str]]:
    """The command `learning-reid` of the wheel, and an environment in which the checkout is not found.

    The dependencies come from this environment's site-packages through PYTHONPATH, whose .pth files Python ignores.
    """
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(command, check=True)
    python = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(target), sysconfig.get_path("purelib")]),
        "LEARNING_REID_HOME": str(tmp_path_factory.mktemp("home")),
    }
    return [python, str(target / "bin" / "learning-reid")], environment


def run(installed: tuple[list[str], dict[str, str]], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command, environment = installed
    done = subprocess.run([*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_wheel_has_code_templates_cards_configurations_and_weights(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("learning_reid", "reid_course", "reid_store", "reid_synth"):
        code = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / package).rglob("*.py")}
        assert code <= names
    data = [
        path
        for path in (ROOT / "src").rglob("*")
        if path.suffix in {".yml", ".j2", ".css", ".js", ".safetensors", ".pyi"}
    ]
    missing = {path.relative_to(ROOT / "src").as_posix() for path in data} - names
    assert len(data) > 20 and not missing
    assert {f"learning_reid/confs/{path.name}" for path in (ROOT / "confs").glob("*.yml")} <= names


def test_nothing_is_imported_from_the_checkout(installed: tuple[list[str], dict[str, str]], tmp_path: Path) -> None:
    command, environment = installed
    code = (
        "import learning_reid, reid_course, reid_store, reid_synth\n"
        "print(*[module.__file__ for module in (learning_reid, reid_course, reid_store, reid_synth)], sep='\\n')"
    )
    done = subprocess.run([command[0], "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    files = done.stdout.split()
    assert len(files) == 4 and not any(Path(file).is_relative_to(ROOT) for file in files), done.stdout + done.stderr


def test_help_version_and_zoo(installed: tuple[list[str], dict[str, str]], tmp_path: Path) -> None:
    assert "evaluate" in run(installed, tmp_path, "-h").stdout
    assert run(installed, tmp_path, "--version").stdout.startswith("learning-reid ")
    assert "osnet_ain_x1_0" in run(installed, tmp_path, "zoo", "list").stdout


COMMANDS = """
import json, sys
from learning_reid.cli.entry_point import app
for arguments in json.load(open("commands.json")):
    app(arguments, standalone_mode=False)
"""


@pytest.fixture(scope="module")
def folder(
    installed: tuple[list[str], dict[str, str]], tmp_path_factory: pytest.TempPathFactory, generated_market: Path
) -> Path:
    """The folder in which one process has run the demo, an evaluation, and two commands of the store."""
    (python, *_), environment = installed
    folder, store = tmp_path_factory.mktemp("anywhere"), ["--set", "store.url=sqlite:///people.db"]
    commands = [
        ["--config", "demo", "--set", "input.max_frames=2"],
        ["evaluate", "--root", str(generated_market), "--json", "result.json"],
        ["extract", "--input", "synthetic:3:1", "--camera", "one", *store],
        ["timeline", "--output", "page.html", *store],
    ]
    (folder / "commands.json").write_text(json.dumps(commands))
    done = subprocess.run([python, "-c", COMMANDS], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_demo_runs_in_any_folder(folder: Path) -> None:
    written = {path.name for path in (folder / "output/demo").iterdir()}
    assert {"annotated.mp4", "ranking.png", "rankings.csv", "resolved.yml", "summary.json"} <= written


def test_evaluate(folder: Path) -> None:
    assert '"rank1"' in (folder / "result.json").read_text()


def test_the_store(folder: Path) -> None:
    assert (folder / "people.db").is_file() and (folder / "page.html").is_file()
