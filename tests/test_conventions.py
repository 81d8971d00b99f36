"""The rules of the house: floors, names, weight of imports, length of files, and documents that tell the truth."""

import ast
import os
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from learning_reid.config.load import load_as, load_settings
from learning_reid.config.schema import Settings
from learning_reid.config.training import TrainSettings
from reid_store.config import StoreSettings

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TRAINING = {"reid.yml", "face.yml", "market1501.yml"}  # of confs/: settings of a training run
HEAVY = {"torch", "torchvision", "torchreid", "tensorflow", "onnxruntime", "openvino"}


def test_an_import_never_goes_up_a_floor() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_floors_would_notice_a_step_up(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "src/learning_reid/config/up.py").write_text("import learning_reid.detection.registry\n")
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "learning_reid.config.up -> learning_reid.detection.registry" in done.stdout, (
        done.stdout
    )


def test_no_child_of_src_hides_a_package() -> None:
    """`python src/main.py` starts with src/ first on the module path."""
    children = {path.stem for path in (ROOT / "src").iterdir() if path.suffix == ".py" or path.is_dir()}
    taken = sys.stdlib_module_names | set(packages_distributions()) | {"onnx", "datasets", "evaluate", "gradio"}
    assert not children & (taken - {"src"})


@pytest.mark.parametrize(
    "module",
    [
        "learning_reid.detection.registry",
        "learning_reid.embedding.registry",
        "learning_reid.datasets.layouts",
        "learning_reid.metrics.retrieval",
        "learning_reid.cli.main",
        "learning_reid.cli.settings",
        "learning_reid.cli.evaluate",
        "learning_reid.cli.train",
    ],
)
def test_importing_the_lists_loads_no_network_library(module: str) -> None:
    code = f"import sys, {module}; print(*(set(sys.modules) & {HEAVY}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 350
    assert path.name == "__init__.py" or ast.get_docstring(ast.parse(text)), "no docstring at the top"
    assert path.stem not in {"utils", "util", "helpers", "misc", "common", "manager"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_name_their_room(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"line {node.lineno}: relative import"


def test_make_alone_lists_every_target() -> None:
    make = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "test", "lint", "lab", "weights", "bench", "notebooks"):
        assert f"make {target} " in make.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "confs").glob("*.yml")), ids=lambda path: path.name)
def test_confs_hold_settings_that_exist(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = TrainSettings if path.name in TRAINING else StoreSettings if path.name == "store.yml" else Settings
    load_as(schema, path)
    assert capsys.readouterr().err == ""  # no old keys


def test_pets_and_the_demo_are_what_the_readme_says() -> None:
    pets, demo = (load_settings(ROOT / "confs" / name) for name in ("config.yml", "demo.yml"))
    assert pets.input.frames_path == "data/Crowd_PETS09/S2/L2/Time_14-55/View_001"
    assert (pets.embedder.name, pets.embedder.weights) == ("osnet_ain_x1_0", "msmt17+dukemtmcreid+cuhk03")
    assert demo.input.frames_path.startswith("synthetic:")
    assert demo.detector.weights == demo.embedder.weights == "embedded"


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    lines = [line.strip() for line in script.read_text().splitlines()]
    assert lines.index("make demo") < lines.index("make test")
    assert "export REID_CI=1" in lines
    subprocess.run(["bash", "-n", script], check=True)


def test_weights_in_git_are_the_embedded_ones_alone() -> None:
    names = [
        "weights/detector.safetensors",
        "weights/reid.yml",
        "weights/reid.safetensors.threshold.yml",
        "weights/README.md",
        "data/README.md",
    ]
    ignored = ["weights/osnet.pth", "data/S2_L2.tar.bz2", "data/Crowd_PETS09/a.jpg", "output/x", "runs/x", ".venv/x"]
    command = ["git", "check-ignore", "--no-index", *names, *ignored]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ignored
