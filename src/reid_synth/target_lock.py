"""Lock an output file or folder, so that two processes never write to it at the same time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from reid_synth.errors import UserError


@contextmanager
def lock_target(target: Path, lock_file: Path | None = None, wait: bool = False) -> Iterator[None]:
    """Lock an output file or folder while the block runs.

    The operating system releases the lock of a process that is killed. Where locking is impossible, as in a read-only
    folder and on some network drives, the block runs without a lock.

    Args:
        target: The file or folder that the block writes.
        lock_file: The file to lock, removed afterwards; by default `.NAME.lock` beside the target.
        wait: Wait for another process that has the lock.

    Raises:
        UserError: Another process has the lock, and `wait` is False.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, lock_target(Path(folder, "model.onnx")):
        ...     [path.name for path in Path(folder).iterdir()]
        ['.model.onnx.lock']
    """
    file = lock_file or target.with_name(f".{target.name}.lock")
    if not file.parent.is_dir():  # FileLock would create it; the block reports it
        yield
        return
    lock = FileLock(file, mode=0o666)  # other users of a shared folder need to open it too
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise UserError(
                f"{target}: another process is writing to it; run again when it is done, or choose another place"
            ) from None
        print(f"waiting for another process that writes {target} …", file=sys.stderr)
        lock.acquire()
    except OSError:
        yield  # locking is impossible here
        return
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink()  # before it is released: a process that waits for it notices, and locks a new file
        lock.release()
