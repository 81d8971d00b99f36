"""Devices, precision and processes of a training run."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs, broadcast_object_list

from learning_reid.device import choose_device, cpu_has_bfloat16
from learning_reid.errors import UserError

T = TypeVar("T")


def make_accelerator(
    device: str = "auto", amp: str = "auto", threads: int | None = None, find_unused_parameters: bool = False
) -> Accelerator:
    """Create the accelerator of a run, with its device and precision.

    Args:
        device: "auto", "cpu", "cuda", "cuda:N" or "mps". With several processes, each takes its own GPU.
        amp: "auto", "bf16", "fp16" or "no" (float32).
        threads: CPU threads of torch; None = its own choice.
        find_unused_parameters: Whether a step may leave trainable parameters without a gradient.

    Raises:
        UserError: This machine has no such device, or the device cannot compute with that precision.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    device = choose_device(device)
    if amp == "fp16" and device == "cpu":
        raise UserError("run.amp: fp16 needs a GPU; set it to auto, bf16 or no")
    if ":" in device:
        if processes > 1:
            raise UserError(f"run.device={device} names one GPU for {processes} processes; set it to cuda or auto")
        torch.cuda.set_device(device)
    # Accelerate keeps device and precision of an earlier run in this process, and has no public function to reset them.
    AcceleratorState._reset_state(reset_partial_state=processes == 1)
    handlers = [
        DistributedDataParallelKwargs(find_unused_parameters=find_unused_parameters),
        InitProcessGroupKwargs(timeout=timedelta(hours=6)),  # the other processes wait while one validates
    ]
    precision = best_precision(device) if amp == "auto" else amp
    return Accelerator(mixed_precision=precision, cpu=device == "cpu", kwargs_handlers=handlers)


def best_precision(device: str) -> str:
    """Return "bf16" for devices that compute it natively, "fp16" for older GPUs, and "no" (float32) for the others."""
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return "bf16" if device == "cpu" and cpu_has_bfloat16() else "no"


def on_main_process(action: Callable[[], T]) -> T:
    """Run an action in the main process only, and return its result in every process.

    Raises:
        UserError: As the action does, in every process, so that none waits for the others forever.
    """
    state = PartialState()
    outcome: list[object] = [None, None]  # result, error message
    if state.is_main_process:
        try:
            outcome[0] = action()
        except UserError as error:
            outcome[1] = str(error)
    if state.num_processes > 1:
        broadcast_object_list(outcome)
    if outcome[1] is not None:
        raise UserError(str(outcome[1]))
    return outcome[0]  # type: ignore[return-value]
