"""The device that `runtime.device` names, checked before anything is put on it."""

from learning_reid.errors import UserError


def choose_device(name: str) -> str:
    """Turn "auto", "cpu", "cuda", "cuda:1" or "mps" into a device that is there; "auto" is a GPU where there is one.

    Raises:
        UserError: this machine, or its build of torch, has no such device.
    """
    import torch  # here, because settings are read before torch is loaded

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind = name.partition(":")[0]
    if (kind == "cuda" and not torch.cuda.is_available()) or (kind == "mps" and not torch.backends.mps.is_available()):
        raise UserError(f"runtime.device is {name!r}, but torch sees no such device here; set it to 'auto' or 'cpu'")
    return name
