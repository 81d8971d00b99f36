"""Frames of an image folder, a video or a synthetic scene, one at a time; and MOT annotation files."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
