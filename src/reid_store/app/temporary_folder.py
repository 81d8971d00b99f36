"""A temporary folder that is deleted however the process ends, even if it is killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# The operating system closes the other end of its standard input when the parent process ends, in whatever way.
_WATCHER = "import shutil, sys; sys.stdin.buffer.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"


class TemporaryFolder:
    """A new folder, and a small second process that deletes it when this process ends.

    Attributes:
        path: The folder; other users cannot read it.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="reid_app_"))
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WATCHER, str(self.path)], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def close(self) -> None:
        """Delete the folder now."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._watcher.communicate()  # closes its input, so that it ends
