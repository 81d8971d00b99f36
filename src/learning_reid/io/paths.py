"""Folders of the project: configuration files, downloads, embedded weights; in a checkout and when installed."""

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
    """Return the folder of the documentation.

    Raises:
        UserError: This is an installed package, which has no documentation folder.
    """
    checkout = find_checkout()
    if checkout is None:
        raise UserError("the documentation pages are in the git repository; run this command in a clone of it")
    return checkout / "docs"


def find_config(name: Path) -> Path:
    """Return `name` if such a file exists, otherwise the project's own configuration file of that name.

    >>> find_config(Path("demo")).name
    'demo.yml'
    """
    own = configs() / name.with_suffix(".yml").name
    return name if name.exists() or not own.is_file() else own


def child_environment() -> dict[str, str]:
    """Return the environment for a child process that imports this package, also from a checkout not installed."""
    path = [str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
