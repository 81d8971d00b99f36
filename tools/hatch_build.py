"""Build hook of hatchling: put configuration files and the files that lessons read into the wheel."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LESSON_FILES = ("docs/synthetic.md", "notebooks/data/*.csv", "notebooks/exercises/student/*.ipynb")


class ProjectFiles(BuildHookInterface):
    """Add confs/ as learning_reid/confs and LESSON_FILES below reid_course/project.

    An editable install reads them from the checkout.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Extend the files of a standard wheel."""
        if version == "editable":
            return
        build_data["force_include"]["confs"] = "learning_reid/confs"
        for pattern in LESSON_FILES:
            for path in Path(self.root).glob(pattern):
                name = path.relative_to(self.root).as_posix()
                build_data["force_include"][name] = f"reid_course/project/{name}"
