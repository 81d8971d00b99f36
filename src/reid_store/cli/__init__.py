"""Commands that work on the store: one short file each."""
