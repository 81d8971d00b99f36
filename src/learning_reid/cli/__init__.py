"""The command line: one short file a command, found by the entry points of `learning_reid.commands`."""

from learning_reid.cli.entry_point import main

__all__ = ["main"]
