"""Graceful interruption: the first Ctrl-C or SIGTERM is a request that a loop checks between two steps."""

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from tqdm import tqdm

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class InterruptHandler:
    """Turn the first Ctrl-C or SIGTERM into a request, so that no work is lost; restore the earlier handlers on exit.

    A second Ctrl-C raises KeyboardInterrupt at once. Outside of the main thread, which alone receives signals, the
    handler does nothing.

    Args:
        message: Printed once on stderr when the request arrives.
        immediate: Raise KeyboardInterrupt at the first signal, for work that keeps nothing when it is interrupted.
        immediate_second: Raise KeyboardInterrupt at the second Ctrl-C. False for a worker process of a launcher such
            as torchrun, which receives the same Ctrl-C twice: from the terminal and from the launcher.

    Attributes:
        requested: True after the first signal.
    """

    def __init__(self, message: str = "stopping", immediate: bool = False, immediate_second: bool = True) -> None:
        self.requested = False
        self._message, self._immediate, self._immediate_second = message, immediate, immediate_second
        self._earlier: dict[int, Any] = {}

    def raise_if_interrupted(self) -> None:
        """Raise KeyboardInterrupt if an interruption was requested."""
        if self.requested:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            # Also where a shell started the process with Ctrl-C ignored, as it does for background jobs.
            self._earlier = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: installed by C code

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.requested:
            self.requested = True
            hint = " (Ctrl-C again to leave at once)" if self._immediate_second and not self._immediate else ""
            tqdm.write(f"{self._message}{hint}", file=sys.stderr)
            if self._immediate:
                raise KeyboardInterrupt
        elif number == signal.SIGINT and self._immediate_second:
            raise KeyboardInterrupt
