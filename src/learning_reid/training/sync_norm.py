"""Several processes as one: batch normalisation and features of the whole batch, with gradients, on any device.

torch's own SyncBatchNorm does the first, but on GPUs alone. Here a laptop with two processes computes what one process
with the whole batch would, so that it can be tested.

**Which scale is right?** Both functions below count the losses of all processes together: what reaches a process in
the backward pass is the gradient of the *sum* over the processes. DistributedDataParallel then divides the sum of the
parameters' gradients by the number of processes. Hence no factor is needed where either

- every process computes the same loss of the whole batch, from `gather_with_grad(features)`: N equal losses, divided
  by N; or
- every process computes the mean loss of its own share, and all shares are equally large.
"""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable


def gather_with_grad(tensor: Tensor) -> Tensor:
    """The rows of all processes, in the order of their ranks, as one tensor through which gradients flow back.

    Args:
        tensor: (n, …) of the same shape and type in every process.

    Returns:
        (processes · n, …); the tensor itself where there is one process.
    """
    return _Gather.apply(tensor) if _together() else tensor


def synchronise_norms(module: nn.Module) -> nn.Module:
    """Make every BatchNorm1d and BatchNorm2d of a network normalise with the statistics of all processes' batches.

    The layers stay the objects they are, with their parameters, hooks and state-dict keys: only the forward pass in
    train mode changes, and that only where several processes are at work.

    Args:
        module: changed in place, itself included.

    Returns:
        The same module.

    Raises:
        TypeError: for any other kind of batch normalisation, which would quietly go on by itself.
    """
    for name, layer in module.named_modules():
        if type(layer) in SYNCHRONISED:
            layer.__class__ = SYNCHRONISED[type(layer)]
        elif isinstance(layer, nn.modules.batchnorm._BatchNorm) and not isinstance(layer, _Synchronised):
            raise TypeError(f"cannot synchronise the {type(layer).__name__} {name!r}")
    return module


class _Synchronised(nn.modules.batchnorm._BatchNorm):
    """What both kinds share. Equations of Ioffe and Szegedy 2015 (arXiv 1502.03167), the batch being everybody's."""

    def forward(self, input: Tensor) -> Tensor:
        """(n, channels, …) to the same shape and type."""
        if not (self.training and _together()):
            return super().forward(input)
        self._check_input_dim(input)
        x = input.to(torch.promote_types(input.dtype, torch.float32))  # statistics of bfloat16 would be too coarse
        mean, variance, count = batch_statistics(x)  # (channels,) each, and a number
        self._remember(mean.detach(), variance.detach(), count)
        with torch.autocast(x.device.type, enabled=False):
            factor = torch.rsqrt(variance + self.eps)
            if self.weight is not None:
                factor = factor * self.weight
            normal = (x - _per_channel(mean, x)) * _per_channel(factor, x)
            if self.bias is not None:
                normal = normal + _per_channel(self.bias, x)
        return normal.to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Move the running statistics a step towards those of this batch."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        step = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), step)
        unbiased = variance * count / (count - 1)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), step)


class SynchronisedBatchNorm1d(_Synchronised, nn.BatchNorm1d):
    """BatchNorm1d over the batches of all processes."""


class SynchronisedBatchNorm2d(_Synchronised, nn.BatchNorm2d):
    """BatchNorm2d over the batches of all processes."""


SYNCHRONISED: dict[type, type] = {nn.BatchNorm1d: SynchronisedBatchNorm1d, nn.BatchNorm2d: SynchronisedBatchNorm2d}


def batch_statistics(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and (biased) variance of each channel over the batches of all processes, whatever their sizes.

    Each process tells its own mean, variance and number of values. The whole variance is the mean of the variances
    plus the variance of the means, which is exact where the mean of squares minus the square of the mean is not.

    Args:
        x: (n, channels, …), n of at least 1 in every process.

    Returns:
        mean (channels,), variance (channels,), and how many values each channel has, a scalar tensor.
    """
    over = [axis for axis in range(x.ndim) if axis != 1]
    variance, mean = torch.var_mean(x, dim=over, correction=0)  # (channels,) each
    count = torch.full_like(mean, x.numel() / x.shape[1])
    means, variances, counts = gather_with_grad(torch.stack([mean, variance, count])[None]).unbind(
        1
    )  # (processes, channels)
    shares = counts / counts.sum(dim=0)  # (processes, channels)
    mean = (shares * means).sum(dim=0)
    variance = (shares * (variances + (means - mean).square())).sum(dim=0)
    return mean, variance, counts[:, 0].sum()


class _Gather(torch.autograd.Function):
    """all_gather with a gradient. torch.distributed.nn had one, which newer versions of torch call outdated."""

    @staticmethod
    def forward(ctx: FunctionCtx, tensor: Tensor) -> Tensor:
        parts = [torch.empty_like(tensor, memory_format=torch.contiguous_format) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)  # what the losses of all processes say about these rows
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


def _together() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def _per_channel(values: Tensor, x: Tensor) -> Tensor:
    """(channels,) as (1, channels, 1, …), to be spread over x (n, channels, …)."""
    return values.view(1, -1, *[1] * (x.ndim - 2))
