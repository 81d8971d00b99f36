"""One face, drawn from the same kind of seed as a person."""
