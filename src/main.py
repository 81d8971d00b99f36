"""Run the command line from a checkout: `python src/main.py [COMMAND]`."""

import sys

try:
    from learning_reid.cli import main
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed for {sys.executable}; run `make demo` once, then use .venv/bin/python")

if __name__ == "__main__":
    main()
