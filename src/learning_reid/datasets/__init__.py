"""Labelled crops: which pictures show whom, seen by which camera, whatever the layout they come in."""
