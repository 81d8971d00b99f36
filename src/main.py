"""The door: `python src/main.py` runs the walk-through, `python src/main.py COMMAND` a command of src/cli."""

import logging
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

ROOT = Path(__file__).resolve().parent.parent


def put_root_first() -> None:
    """Make `import src.…` work from anywhere, and keep the folders of src/ from hiding packages of the same name."""
    elsewhere = [entry for entry in sys.path if Path(entry).resolve() not in (ROOT, ROOT / "src")]
    sys.path[:] = [str(ROOT), *elsewhere]


put_root_first()

try:
    import typer
    from typer.core import TyperGroup

    from src.settings.errors import UserError
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed for {sys.executable}; run `make demo` once, then use .venv/bin/python")


class Commands(TyperGroup):
    """The files of src/cli, each imported when its command or the help is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands."""
        return sorted(file.stem for file in (ROOT / "src" / "cli").glob("[a-z]*.py"))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command called `cmd_name`, or None where there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"src.cli.{cmd_name}")
        if hasattr(module, "app"):  # a group of sub-commands
            group = typer.main.get_command(module.app)
            group.name = cmd_name
            return group
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(cmd_name)(module.run)
        return typer.main.get_command(alone)


app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def walk_through(
    context: typer.Context,
    config: Annotated[
        Path,
        typer.Option(
            help="A YAML file of settings; docs/configuration.md lists them.", show_default="confs/config.yml"
        ),
    ] = ROOT / "confs" / "config.yml",
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace one setting; may be given many times."),
    ] = None,
) -> None:
    """Find a person again: frames → detection → embedding → ranking → report.

    Without a command, the walk-through runs with the settings of --config and prints where its results lie.
    """
    if context.invoked_subcommand is not None:
        return
    from src.settings.load import load_settings

    settings = load_settings(config, overrides or [])
    from src.pipeline import run_walkthrough  # only now: a wrong setting is told before torch is loaded

    if run_walkthrough(settings).stopped_early:
        raise typer.Exit(130)  # what a shell expects after Ctrl-C


def main() -> None:
    """Run the command line; a problem the reader can mend is told on stderr and ends with exit status 1."""
    logging.basicConfig(format="%(message)s")  # to stderr; of other libraries only what is a warning
    logging.getLogger("src").setLevel(logging.INFO)
    try:
        app(prog_name="main.py")
    except UserError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
