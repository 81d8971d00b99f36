"""Build hook of hatchling: put the configuration files of confs/ into the wheel."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConfigurationFiles(BuildHookInterface):
    """Add confs/ as learning_reid/confs; an editable install reads it from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Extend the files of a standard wheel."""
        if version != "editable":
            build_data["force_include"]["confs"] = "learning_reid/confs"
