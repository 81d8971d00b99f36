"""Run the command line inside the test process."""

from typer.testing import CliRunner

from learning_reid.cli.entry_point import app


def run_command(*arguments: object) -> str:
    """Return what a command prints on stdout; a UserError propagates, any other failure fails the test."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout
