"""A folder for what must not outlive this process, however it ends: by an order, by an error, or killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# the end of its standard input is the end of whoever holds the other end, and the system sees to that
_WATCHER = "import shutil, sys; sys.stdin.buffer.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"


class TemporaryFolder:
    """A new folder that a second, small process deletes when this one is gone.

    Attributes:
        path: of the folder; nobody else may look into it.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="reid_app_"))
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCHER, str(self.path)], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def close(self) -> None:
        """Delete it now."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._watcher.communicate()  # it ends
