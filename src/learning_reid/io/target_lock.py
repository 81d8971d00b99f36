"""The lock of output files and folders; one function for all packages, defined in the lowest of them."""

from reid_synth.target_lock import lock_target

__all__ = ["lock_target"]
