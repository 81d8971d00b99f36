"""Folders of the project, in a checkout and when installed: configuration files, downloads, embedded weights."""

import os
from pathlib import Path

from learning_reid.errors import UserError

PACKAGE = Path(__file__).resolve().parents[1]
SOURCE = PACKAGE.parent  # the folder that must be on the module path
EMBEDDED_WEIGHTS = PACKAGE / "weights"


def find_checkout() -> Path | None:
    """Return the root of the git checkout that this package runs from, or None for an installed wheel."""
    root = PACKAGE.parents[1]
    return root if (root / "pyproject.toml").is_file() and (root / "confs").is_dir() else None


def home() -> Path:
    """Return the folder below which downloads and generated data are kept.

    The environment variable LEARNING_REID_HOME names it; otherwise it is the checkout, or ``~/.cache/learning-reid``
    for an installed wheel.
    """
    if named := os.environ.get("LEARNING_REID_HOME"):
        return Path(named).expanduser().resolve()
    return find_checkout() or Path.home() / ".cache" / "learning-reid"


def configs() -> Path:
    """Return the folder of the configuration files that come with the project."""
    checkout = find_checkout()
    return (PACKAGE if checkout is None else checkout) / "confs"


def docs_folder() -> Path:
    """Return the folder of the documentation, which only a git checkout has; else raise a UserError."""
    checkout = find_checkout()
    if checkout is None:
        raise UserError("the documentation pages are in the git repository; run this command in a clone of it")
    return checkout / "docs"


def find_config(name: Path) -> Path:
    """Return a configuration file: `name` if it exists, otherwise the one of this name that comes with the project.

    Args:
        name: A path, or the name of a packaged file: ``demo``, ``demo.yml`` or ``confs/demo.yml``.

    >>> find_config(Path("demo")).name
    'demo.yml'
    """
    packaged = configs() / name.with_suffix(".yml").name
    is_packaged_name = name in (Path(packaged.stem), Path(packaged.name), Path("confs", packaged.name))
    return packaged if is_packaged_name and not name.is_file() and packaged.is_file() else name


def child_environment() -> dict[str, str]:
    """Return the environment for a child process that imports this package, also from a checkout not installed."""
    path = [str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
