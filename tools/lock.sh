#!/usr/bin/env bash
# Writes requirements.lock: one exact version of everything pyproject.toml and its extras need, for Python 3.11 to 3.13.
# The CUDA packages are left out: the torch build that is chosen brings its own. Usage: make lock
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$(mktemp)
trap 'rm -f "$lock"' EXIT
cp requirements.lock "$lock" 2>/dev/null || true # versions that still fit stay
uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --no-annotate --no-header --quiet --output-file "$lock" "$@"
{
    echo "# Exact versions for Python 3.11 to 3.13. Written by: make lock"
    grep --extended-regexp --invert-match '^(nvidia-|cuda-|triton)' "$lock"
} > requirements.lock
