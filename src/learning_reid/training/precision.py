"""bfloat16 where the processor computes with it, plain float32 where it would only pretend to."""

import torch


def fast_arithmetic(device: str = "cpu") -> torch.autocast:
    """A context for the forward pass: bfloat16 on GPUs and on CPUs with AVX-512, else float32 as it is."""
    return torch.autocast(device, torch.bfloat16, enabled=device != "cpu" or cpu_has_bfloat16())


def cpu_has_bfloat16() -> bool:
    """Whether this processor computes with bfloat16 and does not only pretend to."""
    return torch.backends.cpu.get_cpu_capability().startswith("AVX512")
