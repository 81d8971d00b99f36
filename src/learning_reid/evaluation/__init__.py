"""Evaluation: labelled crops in, retrieval and verification metrics out."""
