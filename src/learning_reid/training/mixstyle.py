"""MixStyle: mix the styles of two images, so that a network does not rely on the look of one domain.

Zhou, Yang, Qiao and Xiang 2021, "Domain Generalization with MixStyle" (ICLR), arXiv 2104.02008, evaluated there with
OSNet too. The style of an image is the mean and standard deviation of each channel over the feature map: brightness,
color cast, contrast. Where things are in the image does not change.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor, nn

_CONCENTRATION = 0.1  # of the Beta distribution; below 1, most images keep nearly all of their style, or nearly none
_EPSILON = 1e-6


def mix_styles(maps: Tensor, share: Tensor, partners: Tensor) -> Tensor:
    """Mix the style of each feature map with the style of another (equations 4 to 6).

    Args:
        maps: (n, c, h, w) after some stage of a network.
        share: (n,) from 0 to 1, the share of the map's own style.
        partners: (n,) int64, the index of the map whose style is mixed in.

    Returns:
        (n, c, h, w); no gradient flows through the styles.

    >>> maps = torch.tensor([1.0, 3.0, 10.0, 14.0]).view(2, 1, 1, 2)
    >>> mix_styles(maps, share=torch.zeros(2), partners=torch.tensor([1, 0])).flatten(1).round().tolist()
    [[10.0, 14.0], [1.0, 3.0]]
    """
    mean = maps.mean(dim=(2, 3), keepdim=True).detach()  # (n, c, 1, 1)
    deviation = (maps.var(dim=(2, 3), keepdim=True) + _EPSILON).sqrt().detach()
    share = share.view(-1, 1, 1, 1)
    mixed_mean = share * mean + (1 - share) * mean[partners]
    mixed_deviation = share * deviation + (1 - share) * deviation[partners]
    return (maps - mean) / deviation * mixed_deviation + mixed_mean


@contextmanager
def apply_mixstyle(stages: Iterable[nn.Module], probability: float, seed: int | Sequence[int]) -> Iterator[None]:
    """Mix the styles in the outputs of some modules, inside a `with` block.

    Args:
        stages: Modules whose output is (n, c, h, w).
        probability: Probability that a forward pass through a stage is mixed.
        seed: Seed of all random choices.
    """
    rng = np.random.default_rng(seed)

    def mix(stage: nn.Module, inputs: tuple[Tensor, ...], maps: Tensor) -> Tensor:
        if rng.random() >= probability:
            return maps
        share = rng.beta(_CONCENTRATION, _CONCENTRATION, len(maps))
        return mix_styles(maps, torch.from_numpy(share).to(maps), torch.from_numpy(rng.permutation(len(maps))))

    with ExitStack() as hooks:
        for stage in stages:
            hooks.callback(stage.register_forward_hook(mix).remove)
        yield
