"""Detections, embeddings and persons in a SQL database: extraction, search, identities, timeline page, web app."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
