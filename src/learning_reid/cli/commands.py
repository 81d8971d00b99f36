"""How a command module becomes a command: renamed options, several values after one flag, --version everywhere."""

import copy
import importlib
import sys
from collections.abc import Collection, Mapping
from typing import Any

import typer
from typer.core import TyperCommand

OPTIONS: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None}
INTERRUPTED = 130  # exit status after Ctrl-C


class Command(TyperCommand):
    """A command with two extensions, which its module declares as constants."""

    #: Flags that take any number of values (`--images a.jpg b.jpg`); from ``SEVERAL_VALUES``
    several_values: Collection[str] = ()
    #: Old name → new name of an option, for scripts that use the old one; from ``RENAMED``
    renamed: Mapping[str, str] = {}

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments after translating both extensions into plain options."""
        return super().parse_args(ctx, repeat_flags(replace_renamed(args, self.renamed), self.several_values))


def load_command(name: str, module_name: str, version_option: Any) -> Any:
    """Import a command's module and build the command.

    The module has a function ``run``, or for sub-commands a ``typer.Typer`` called ``app``. The `version_option` is
    added, hidden, to the command and its sub-commands.
    """
    module = importlib.import_module(module_name)
    if hasattr(module, "app"):
        command = typer.main.get_command(module.app)
        command.name = name
    else:
        single = typer.Typer(**OPTIONS)
        single.command(name, cls=Command)(module.run)
        command = typer.main.get_command(single)
        command.several_values = getattr(module, "SEVERAL_VALUES", ())  # type: ignore[attr-defined]
        command.renamed = getattr(module, "RENAMED", {})  # type: ignore[attr-defined]
    hidden = copy.copy(version_option)
    hidden.hidden, hidden.expose_value = True, False
    for each in (command, *getattr(command, "commands", {}).values()):
        each.params.append(hidden)
    return command


def replace_renamed(arguments: Collection[str], renamed: Mapping[str, str]) -> list[str]:
    """Replace old option names by their new ones and note each on stderr.

    >>> replace_renamed(["--old=1", "--other", "--", "--old"], {"--old": "--new"})
    ['--new=1', '--other', '--', '--old']
    """
    replaced, only_values = [], False
    for word in arguments:
        flag, equals, value = word.partition("=")
        only_values = only_values or word == "--"
        if flag in renamed and not only_values:
            print(f"note: {flag} is deprecated; use {renamed[flag]}", file=sys.stderr)
            word = renamed[flag] + equals + value
        replaced.append(word)
    return replaced


def repeat_flags(arguments: Collection[str], flags: Collection[str]) -> list[str]:
    """Write a flag before each of the values that follow it, for a parser that takes one value for each flag.

    >>> repeat_flags(["--images", "a", "b", "--out", "c"], ["--images"])
    ['--images', 'a', '--images', 'b', '--out', 'c']
    """
    repeated: list[str] = []
    flag, has_value = "", False
    for word in arguments:
        if word.startswith("-"):
            name, equals, _ = word.partition("=")
            flag, has_value = name if name in flags else "", bool(equals)
        elif flag:
            repeated += [flag] if has_value else []
            has_value = True
        repeated.append(word)
    return repeated
