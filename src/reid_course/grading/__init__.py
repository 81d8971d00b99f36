"""Marks a class: every submission in a process of its own, with limits, and without a way out."""
