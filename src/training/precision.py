"""bfloat16 where the processor computes with it, plain float32 where it would only pretend to."""

import torch


def fast_arithmetic(device: str = "cpu") -> torch.autocast:
    """A context for the forward pass: bfloat16 on GPUs and on CPUs with AVX-512, else float32 as it is."""
    pays = device != "cpu" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return torch.autocast(device, torch.bfloat16, enabled=pays)
