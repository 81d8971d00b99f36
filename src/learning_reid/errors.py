"""The exception for problems that the user can fix; one type for all packages, defined in the lowest of them."""

from reid_synth.errors import UserError, did_you_mean, hide_credentials

__all__ = ["UserError", "did_you_mean", "hide_credentials"]
