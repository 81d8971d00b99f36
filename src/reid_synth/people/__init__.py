"""Synthetic people: attributes, pose, geometry, textures, rendering."""
