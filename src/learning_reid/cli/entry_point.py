"""The command-line entry point: the pipeline without a command, and every command found by entry point."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from learning_reid.cli._options import SettingsEmbedder, SettingsWeights
from learning_reid.cli.commands import INTERRUPTED, OPTIONS, load_command
from learning_reid.errors import UserError, hide_credentials
from learning_reid.io.logs import MessageFormatter
from learning_reid.io.paths import find_checkout

COMMANDS = "learning_reid.commands"  # the group of entry points


@cache
def entry_points(group: str) -> dict[str, str]:
    """Return name → ``module`` or ``module:attribute`` of an entry-point group, sorted by name.

    A checkout may run without being installed, so there pyproject.toml is read. Otherwise the entry points of the
    installed packages are read, which lets other distributions add commands.
    """
    checkout = find_checkout()
    if checkout is not None:
        import tomllib

        project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return dict(sorted(project["entry-points"][group].items()))
    from importlib import metadata

    return {point.name: point.value for point in sorted(metadata.entry_points(group=group))}


class Commands(TyperGroup):
    """Commands found by entry point; each module is imported only when its command or the help is needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands."""
        return list(entry_points(COMMANDS))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command called `cmd_name`, or None if there is none."""
        if cmd_name not in entry_points(COMMANDS):
            return None
        version = next(parameter for parameter in self.params if parameter.name == "version")
        return load_command(cmd_name, entry_points(COMMANDS)[cmd_name], version)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the arguments of the pipeline."""
        with _hide_credentials_in_usage():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; an interruption exits with the status that a shell expects after Ctrl-C."""
        try:
            with _hide_credentials_in_usage():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _hide_credentials_in_usage() -> Iterator[None]:
    """Mask the credentials of addresses in what a wrong command line is answered with."""
    try:
        yield
    except Exception as error:
        if isinstance(message := getattr(error, "message", None), str):  # Typer's exceptions are not public
            error.message = hide_credentials(message)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    cls=Commands, **OPTIONS, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
)


def print_version(requested: bool) -> None:
    """Print the version and exit."""
    if not requested:
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
            "docs/configuration.md lists the settings.",
            show_default="confs/config.yml",
        ),
    ] = Path("confs/config.yml"),
    input: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="Folder of frames, video, stream or synthetic:SEED.",
            show_default="input.frames_path of --config",
        ),
    ] = None,
    embedder: SettingsEmbedder = None,
    weights: SettingsWeights = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace one setting; repeatable.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Re-identify a person: frames → detection → embedding → retrieval → visualization.

    Without a command, run the pipeline with the settings of --config and print where the results are.
    """
    if context.invoked_subcommand is not None:
        return
    import json

    from learning_reid.cli._model import network_settings
    from learning_reid.config.load import load_settings

    chosen = [] if input is None else [f"input.frames_path={json.dumps(input)}"]
    settings = load_settings(config, [*chosen, *network_settings(embedder, weights), *(overrides or [])])
    from learning_reid.pipeline import run_pipeline  # imported late: configuration errors appear before torch loads

    if run_pipeline(settings).stopped_early:
        raise typer.Exit(INTERRUPTED)


def main() -> None:
    """Run the command line; print problems that the user can fix on stderr and exit with status 1."""
    handler = logging.StreamHandler()  # to stderr; from other libraries only warnings
    handler.setFormatter(MessageFormatter())
    logging.basicConfig(handlers=[handler])
    for package in ("learning_reid", "reid_store", "reid_course"):
        logging.getLogger(package).setLevel(logging.INFO)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names that are not UTF-8
    try:
        app(prog_name="learning-reid" if Path(sys.argv[0]).name.startswith("learning-reid") else "main.py")
    except UserError as error:
        sys.exit(str(error))
    except ModuleNotFoundError as error:
        from learning_reid.registry import EXTRAS, missing_package

        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        sys.exit(missing_package("this command", package))
