"""Data sets on disk: crops, tables, faces, and how much of each."""
