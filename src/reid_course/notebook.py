"""The first thing every notebook does: fetch what is missing (Colab), be quiet, draw in one style."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import warnings
from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.registry import missing_package

ROOT = Path(__file__).resolve().parents[2]
GENERATED = "REID_GENERATED"  # names another folder for what lessons draw
LEFT_ALONE = {"torch", "torchvision", "numpy", "pandas"}  # Colab's own fit its driver and each other


def prepare() -> None:
    """Make the machine ready for a lesson, and say in one line where it runs.

    On Colab what is missing is installed. Elsewhere `make lab` has done that; a missing package is then told by the
    import that needs it.
    """
    if "google.colab" in sys.modules:
        install(missing_packages())
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", message="IProgress not found")  # without ipywidgets bars are made of text
    from reid_course.figures import use_plot_style

    use_plot_style()
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} CPU cores"
    print(f"learning-reid is ready: Python {sys.version.split()[0]}, torch {torch.__version__}, {device}")


def generated_folder() -> Path:
    """Where lessons keep the people they have drawn: data/generated, or what REID_GENERATED names."""
    return Path(os.environ.get(GENERATED) or ROOT / "data" / "generated")


def need(extra: str) -> None:
    """Make sure of the packages that a lesson needs beyond the base: on Colab those that are missing are installed.

    Args:
        extra: of pyproject.toml, such as "fast".

    Raises:
        UserError: elsewhere, where one is missing; the one command is told.
    """
    missing = missing_packages(extra=extra)
    if "google.colab" in sys.modules:
        install(missing)
    elif missing:
        raise UserError(missing_package("this lesson", _name(missing[0]), extra))


def missing_packages(root: Path = ROOT, extra: str | None = None) -> list[str]:
    """What pyproject.toml asks for and is not installed, what Colab brings along left out.

    Args:
        root: where the file is.
        extra: look at the packages of this extra; None: at the base dependencies.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    return [line for line in lines if (name := _name(line)) not in LEFT_ALONE and not _installed(name)]


def install(lines: list[str]) -> None:
    """Install packages without touching those that are left alone.

    Args:
        lines: as in pyproject.toml, `name>=version`.

    Raises:
        RuntimeError: pip could not do it; its own words are in the message.
    """
    if not lines:
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "constraints.txt"
        kept.write_text(
            "".join(f"{name}=={importlib.metadata.version(name)}\n" for name in sorted(LEFT_ALONE) if _installed(name))
        )
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", str(kept), *lines]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"pip could not install {', '.join(lines)}:\n{done.stderr[-2000:]}")


def _name(line: str) -> str:
    return re.split(r"[<>=!~\[; ]", line, maxsplit=1)[0].lower()


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
