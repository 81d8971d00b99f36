"""The command-line entry point: the pipeline without a command, and every command found by entry point."""

import importlib
import importlib.metadata
import logging
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from learning_reid.errors import UserError
from learning_reid.io.paths import find_checkout, find_config

COMMANDS = "learning_reid.commands"  # the group of entry points


@cache
def entry_points(group: str) -> dict[str, str]:
    """Return name → ``module`` or ``module:attribute`` of an entry-point group, sorted by name.

    A checkout may run without being installed, so there pyproject.toml is read; otherwise the installed packages are
    asked, which lets other distributions add commands.
    """
    checkout = find_checkout()
    if checkout is not None:
        project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return dict(sorted(project["entry-points"][group].items()))
    return {point.name: point.value for point in sorted(importlib.metadata.entry_points(group=group))}


class Commands(TyperGroup):
    """Import each command only when it or the help is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands."""
        return list(entry_points(COMMANDS))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command called `cmd_name`, or None if there is none."""
        if cmd_name not in entry_points(COMMANDS):
            return None
        module = importlib.import_module(entry_points(COMMANDS)[cmd_name])
        if hasattr(module, "app"):  # a group of sub-commands
            group = typer.main.get_command(module.app)
            group.name = cmd_name
            return group
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(cmd_name)(module.run)
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """Print the version and exit."""
    if not wanted:
        return
    from learning_reid import __version__

    print(f"learning-reid {__version__}")
    raise typer.Exit


@app.callback(invoke_without_command=True)
def run_pipeline_command(
    context: typer.Context,
    config: Annotated[
        Path,
        typer.Option(
            help="YAML file of settings, or the name of one that comes with the project, such as `demo`; "
            "docs/configuration.md lists them.",
            show_default="confs/config.yml",
        ),
    ] = Path("confs/config.yml"),
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace one setting; repeatable."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Find a person again: frames → detection → embedding → retrieval → visualization.

    Without a command, run the pipeline with the settings of --config and print where the results are.
    """
    if context.invoked_subcommand is not None:
        return
    from learning_reid.config.load import load_settings

    settings = load_settings(find_config(config), overrides or [])
    from learning_reid.pipeline import run_walkthrough  # imported late: configuration errors appear before torch loads

    if run_walkthrough(settings).stopped_early:
        raise typer.Exit(130)  # what a shell expects after Ctrl-C


def main() -> None:
    """Run the command line; print problems that the user can fix on stderr and exit with status 1."""
    logging.basicConfig(format="%(message)s")  # to stderr; from other libraries only warnings
    for package in ("learning_reid", "reid_store", "reid_course"):
        logging.getLogger(package).setLevel(logging.INFO)
    try:
        app(prog_name="learning-reid" if Path(sys.argv[0]).name.startswith("learning-reid") else "main.py")
    except UserError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
