"""Reading and writing files safely: atomic writes, tables, YAML, progress, interruption."""
