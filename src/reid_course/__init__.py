"""Notebook set-up, lesson data and plots, exercise checks, and grading of a class."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
