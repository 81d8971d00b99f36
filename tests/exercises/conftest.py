"""Wrong answers are data: they are read, not imported."""

collect_ignore = ["wrong"]
