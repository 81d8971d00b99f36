"""Set up a notebook: install what is missing on Colab, set the plot style, and find the files of the project."""

import importlib.metadata
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from learning_reid.errors import UserError
from learning_reid.io.paths import PACKAGE, find_checkout, home
from learning_reid.registry import missing_package

ROOT = find_checkout() or Path.cwd()  # results of lessons go below it; an installed package has no checkout
GENERATED = "REID_GENERATED"  # environment variable: another folder for the generated datasets
PREINSTALLED = {"torch", "torchvision", "numpy", "pandas"}  # Colab's own versions fit its driver and each other
_DISTRIBUTION = "learning-reid"
_PACKAGED = Path(__file__).with_name("project")  # what tools/hatch_build.py puts into the wheel


def prepare() -> None:
    """Prepare the machine for a lesson and print one line about it.

    On Colab missing packages are installed. Elsewhere `make lab` has installed them.
    """
    if "google.colab" in sys.modules:
        install(missing_packages())
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", message="IProgress not found")  # without ipywidgets tqdm prints text bars
    from reid_course.figures import use_plot_style

    use_plot_style()
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} CPU cores"
    print(f"learning-reid is ready: Python {sys.version.split()[0]}, torch {torch.__version__}, {device}")


def course_file(name: str) -> Path:
    """Return the path of a file of the project that lessons read, in a checkout and in an installed package.

    Args:
        name: Path below the project's root, such as "docs/synthetic.md", or below the package `learning_reid`, such as
            "weights/reid.yml".

    Raises:
        UserError: There is no such file.

    >>> course_file("weights/reid.yml").name
    'reid.yml'
    """
    for folder in (ROOT, PACKAGE, _PACKAGED):
        if (folder / name).exists():
            return folder / name
    raise UserError(f"{name} is not part of the installed package; run this notebook in a clone of the repository")


def generated_folder() -> Path:
    """Return the folder of the generated datasets: data/generated, or what REID_GENERATED names."""
    return Path(os.environ.get(GENERATED) or home() / "data" / "generated")


def need(extra: str) -> None:
    """Make sure that the packages of an extra are installed; on Colab install the missing ones.

    Args:
        extra: Name of the extra, such as "fast".

    Raises:
        UserError: A package is missing, and this is not Colab. The message gives the command that installs it.
    """
    missing = missing_packages(extra)
    if "google.colab" in sys.modules:
        install(missing)
    elif missing:
        raise UserError(missing_package("this lesson", Requirement(missing[0]).name.lower(), extra))


def missing_packages(extra: str | None = None) -> list[str]:
    """Return the requirements of this distribution that are not installed, except for Colab's own packages.

    Args:
        extra: Check the packages of this extra; None = the base dependencies.

    Returns:
        Requirements as pip takes them, such as "supervision>=0.26".
    """
    missing = []
    for line in importlib.metadata.requires(_DISTRIBUTION) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        is_base = marker is None or marker.evaluate({"extra": ""})
        is_wanted = is_base if extra is None else not is_base and bool(marker and marker.evaluate({"extra": extra}))
        if is_wanted and canonicalize_name(requirement.name) not in PREINSTALLED and not _installed(requirement.name):
            requirement.marker = None
            missing.append(str(requirement))
    return missing


def install(requirements: list[str]) -> None:
    """Install packages with pip and keep the versions of Colab's own packages.

    Raises:
        RuntimeError: pip fails; the message contains its output.
    """
    if not requirements:
        return
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        kept = [name for name in sorted(PREINSTALLED) if _installed(name)]
        constraints.write_text("".join(f"{name}=={importlib.metadata.version(name)}\n" for name in kept))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", str(constraints), *requirements]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"pip could not install {', '.join(requirements)}:\n{done.stderr[-2000:]}")


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
