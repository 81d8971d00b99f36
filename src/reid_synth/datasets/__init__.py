"""Synthetic datasets on disk: crops, faces and their tables."""
