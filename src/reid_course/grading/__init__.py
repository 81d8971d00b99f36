"""Grade a class: each submission runs in its own sandboxed process with limits."""
