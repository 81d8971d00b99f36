"""Wrong answers are data, which pytest must not import."""

collect_ignore = ["wrong"]
