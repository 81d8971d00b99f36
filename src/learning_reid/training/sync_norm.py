"""Batch normalization and features of the whole batch across processes, with gradients, on any device.

torch's SyncBatchNorm does the first, but only on GPUs. This one also runs on CPUs, so that a test can compare two
processes with one process that has the whole batch.

**Scale of the gradients.** Both functions below return, in the backward pass, the gradient of the *sum* of the losses
of all processes. DistributedDataParallel then divides the summed parameter gradients by the number of processes. No
further factor is needed if either

- every process computes the same loss of the whole batch, from `gather_with_grad(features)`: N equal losses, divided
  by N; or
- every process computes the mean loss of its own share, and all shares have the same size.
"""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn.modules.batchnorm import _BatchNorm


def gather_with_grad(tensor: Tensor) -> Tensor:
    """Concatenate the rows of all processes, in the order of their ranks, with gradients.

    Args:
        tensor: (n, …) of the same shape and type in every process.

    Returns:
        (processes · n, …); the tensor itself if there is one process.
    """
    return _Gather.apply(tensor) if _is_distributed() else tensor


def synchronize_batch_norm(module: nn.Module) -> nn.Module:
    """Replace every BatchNorm1d and BatchNorm2d by one that uses the statistics of all processes' batches.

    The new layers share parameters, buffers and state-dict keys with the old ones. They differ in training mode only,
    and only with several processes.

    Args:
        module: Its layers are replaced in place.

    Returns:
        The module, or the layer that replaces it.

    Raises:
        TypeError: The module contains another kind of batch normalization.
    """
    replaced: dict[nn.Module, nn.Module] = {}  # a layer may be used twice
    for name, layer in list(module.named_modules(remove_duplicate=False)):
        if name and _needs_replacement(layer):
            if layer not in replaced:
                replaced[layer] = _synchronized(layer)
            module.set_submodule(name, replaced[layer])
    return _synchronized(module) if _needs_replacement(module) else module


class _Synchronized(_BatchNorm):
    """Batch normalization (Ioffe and Szegedy 2015, arXiv 1502.03167) over the batches of all processes."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalize (n, channels, …); shape and type stay."""
        if not (self.training and _is_distributed()):
            return super().forward(input)
        self._check_input_dim(input)
        x = input.to(torch.promote_types(input.dtype, torch.float32))  # statistics of bfloat16 would be too coarse
        mean, variance, count = batch_statistics(x)  # (channels,) each, and a number
        self._update_running_statistics(mean.detach(), variance.detach(), count)
        with torch.autocast(x.device.type, enabled=False):
            factor = torch.rsqrt(variance + self.eps)
            if self.weight is not None:
                factor = factor * self.weight
            normalized = (x - _per_channel(mean, x)) * _per_channel(factor, x)
            if self.bias is not None:
                normalized = normalized + _per_channel(self.bias, x)
        return normalized.to(input.dtype)

    @torch.no_grad()
    def _update_running_statistics(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        step = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), step)
        unbiased = variance * count / (count - 1)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), step)


class SynchronizedBatchNorm1d(_Synchronized, nn.BatchNorm1d):
    """BatchNorm1d over the batches of all processes."""


class SynchronizedBatchNorm2d(_Synchronized, nn.BatchNorm2d):
    """BatchNorm2d over the batches of all processes."""


SYNCHRONIZED = {nn.BatchNorm1d: SynchronizedBatchNorm1d, nn.BatchNorm2d: SynchronizedBatchNorm2d}


def batch_statistics(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute mean and biased variance of each channel over the batches of all processes, whatever their sizes.

    The total variance is the mean of the processes' variances plus the variance of their means. Unlike the mean of
    squares minus the square of the mean, it does not cancel.

    Args:
        x: (n, channels, …), n of at least 1 in every process.

    Returns:
        Mean (channels,), variance (channels,), and the number of values per channel, a scalar tensor.
    """
    axes = [axis for axis in range(x.ndim) if axis != 1]
    variance, mean = torch.var_mean(x, dim=axes, correction=0)  # (channels,) each
    count = torch.full_like(mean, x.numel() / x.shape[1])
    gathered = gather_with_grad(torch.stack([mean, variance, count])[None])  # (processes, 3, channels)
    means, variances, counts = gathered.unbind(1)  # (processes, channels) each
    shares = counts / counts.sum(dim=0)  # (processes, channels)
    mean = (shares * means).sum(dim=0)
    variance = (shares * (variances + (means - mean).square())).sum(dim=0)
    return mean, variance, counts[:, 0].sum()


class _Gather(torch.autograd.Function):
    """all_gather with a gradient; newer versions of torch deprecate the one in torch.distributed.nn."""

    @staticmethod
    def forward(ctx: FunctionCtx, tensor: Tensor) -> Tensor:
        parts = [torch.empty_like(tensor, memory_format=torch.contiguous_format) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, tensor.contiguous())
        return torch.cat(parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)  # the sum of the gradients of all processes' losses
        return gradient.chunk(dist.get_world_size())[dist.get_rank()]


def _needs_replacement(layer: nn.Module) -> bool:
    if isinstance(layer, _BatchNorm) and not isinstance(layer, _Synchronized) and type(layer) not in SYNCHRONIZED:
        raise TypeError(f"cannot synchronize a {type(layer).__name__} across processes")
    return type(layer) in SYNCHRONIZED


def _synchronized(layer: nn.Module) -> nn.Module:
    """Create the synchronized layer with the parameters and buffers of a BatchNorm1d or BatchNorm2d."""
    assert isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
    new = SYNCHRONIZED[type(layer)](
        layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats, device="meta"
    )
    for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
        setattr(new, name, getattr(layer, name))
    return new.train(layer.training)


def _is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def _per_channel(values: Tensor, x: Tensor) -> Tensor:
    """Reshape (channels,) to (1, channels, 1, …) for x (n, channels, …)."""
    return values.view(1, -1, *[1] * (x.ndim - 2))
