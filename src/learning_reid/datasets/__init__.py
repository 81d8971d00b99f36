"""Labeled crops in any usual layout, their splits and embeddings, and checks of a dataset."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
