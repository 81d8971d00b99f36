#!/usr/bin/env bash
# Write requirements.lock: one version of everything that pyproject.toml, its extras and its build need, with the hashes
# of all files, for Python 3.11 to 3.13 on Linux and macOS. Versions that still fit stay. Usage: make lock
# [ARGS="--upgrade-package NAME" or ARGS=--upgrade]; needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$(mktemp)
trap 'rm -f "$lock"' EXIT
cp requirements.lock "$lock" 2>/dev/null || true
uv pip compile pyproject.toml --all-extras --group build --universal --python-version 3.11 --generate-hashes \
    --annotation-style split --no-header --quiet --output-file "$lock" "$@"
{
    echo "# Exact versions and hashes for Python 3.11 to 3.13. Written by: make lock"
    cat "$lock"
} > requirements.lock
