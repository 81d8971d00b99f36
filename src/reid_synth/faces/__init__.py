"""Synthetic faces: attributes, head shape, rendering."""
