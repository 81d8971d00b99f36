"""The commands: one file each, found by name.

To add a command, add a file with a function `run`; its docstring is the help.
"""
