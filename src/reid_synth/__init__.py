"""Synthetic people, faces, streets and cameras with exact ground truth."""
