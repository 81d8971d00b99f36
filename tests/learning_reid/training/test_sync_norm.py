"""Two processes (gloo, on the CPU) against one that has the whole batch: forward, gradients, running statistics.

This file is also the script that the two processes run.
"""

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from learning_reid.losses.classification import cross_entropy
from learning_reid.losses.triplet import triplet_loss
from learning_reid.training.sync_norm import gather_with_grad, synchronize_batch_norm

LABELS = torch.arange(4).repeat_interleave(2)  # 4 persons × 2 pictures; each process has two whole persons
PICTURES = torch.randn(8, 3, 6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 + 1
FAR = (PICTURES + 1000).float()  # a mean that squares would not survive
TOLERANCE = {"gathered": 1e-9, "own share": 1e-9, "DistributedDataParallel": 1e-9, "float32": 1e-5}


class Network(nn.Module):
    """Convolution, two kinds of norm, a classifier."""

    def __init__(self, momentum=0.1, dtype=torch.float64):
        super().__init__()
        torch.manual_seed(1)
        self.body = nn.Sequential(
            nn.Conv2d(3, 5, 3, bias=False), nn.BatchNorm2d(5, momentum=momentum), nn.ReLU(), nn.Flatten()
        )
        self.neck = nn.BatchNorm1d(40, momentum=momentum)
        self.classifier = nn.Linear(40, 4)
        self.to(dtype)

    def forward(self, pictures):
        features = self.body(pictures)
        return features, self.classifier(self.neck(features))


def whole_loss(features, logits, labels):
    return triplet_loss(features, labels, None) + cross_entropy(logits, labels)


def trained(network, pictures, labels, loss, average=lambda gradient: gradient):
    """What is left of two steps: logits of the last, gradients, and everything that is remembered."""
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05)
    for _ in range(2):
        optimiser.zero_grad()
        features, logits = network(pictures)
        loss(features, logits, labels).backward()
        for parameter in network.parameters():
            average(parameter.grad)
        optimiser.step()
    gradients = {name.removeprefix("module."): p.grad for name, p in network.named_parameters()}
    state = {name.removeprefix("module."): value for name, value in network.state_dict().items()}
    return {"logits": logits.detach(), "gradients": gradients, "state": state}


def average(gradient):
    dist.all_reduce(gradient)
    gradient /= dist.get_world_size()


def process(rank, folder):
    """One of the two processes: do all that the tests look at, and write it down."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    mine = slice(4 * rank, 4 * rank + 4)
    pictures, labels = PICTURES[mine], LABELS[mine]

    def gathered(features, logits, labels):
        everything = gather_with_grad(torch.cat([features, logits], dim=1))
        return whole_loss(everything[:, :40], everything[:, 40:], LABELS)

    def own_share(features, logits, labels):
        return cross_entropy(logits, labels)

    parallel = DistributedDataParallel(synchronize_batch_norm(Network()))
    results = {
        "gathered": trained(synchronize_batch_norm(Network(None)), pictures, labels, gathered, average),
        "own share": trained(synchronize_batch_norm(Network()), pictures, labels, own_share, average),
        "DistributedDataParallel": trained(parallel, pictures, labels, gathered),
        "float32": trained(
            synchronize_batch_norm(Network(dtype=torch.float32)), pictures.float(), labels, gathered, average
        ),
        "not synchronised": trained(Network(), pictures, labels, own_share, average),
    }

    unequal = synchronize_batch_norm(nn.BatchNorm2d(3))
    results["unequal"] = unequal(FAR[:3] if rank == 0 else FAR[3:]).detach(), unequal.running_var

    half = synchronize_batch_norm(nn.BatchNorm2d(3, affine=False, track_running_stats=False))
    with torch.autocast("cpu", torch.bfloat16):
        results["half"] = half(pictures.bfloat16())
    tracked = synchronize_batch_norm(nn.BatchNorm1d(40)).eval()
    results["eval"] = tracked(torch.full((2, 40), 3.0 + rank)).detach()

    rows = torch.arange(6.0).view(2, 3).add(10 * rank).requires_grad_()
    together = gather_with_grad(rows.T)  # (6, 2), not contiguous
    (together * torch.arange(12.0).view(6, 2) * (rank + 1)).sum().backward()
    results["gather"] = together.detach(), rows.grad
    torch.save(results, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def both(tmp_path_factory, repository):
    """What the two processes wrote down."""
    folder = tmp_path_factory.mktemp("processes")
    environment = {**os.environ, "PYTHONPATH": str(repository), "GLOO_SOCKET_IFNAME": "lo"}
    if sys.platform != "linux":
        del environment["GLOO_SOCKET_IFNAME"]
    running = [
        subprocess.Popen(
            [sys.executable, __file__, str(rank), str(folder)], env=environment, stderr=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    try:
        for one in running:
            _, errors = one.communicate(timeout=120)
            assert one.returncode == 0, errors
    finally:
        for one in running:
            one.kill()
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


def one_process(kind):
    def classes_alone(features, logits, labels):
        return cross_entropy(logits, labels)

    dtype = torch.float32 if kind == "float32" else torch.float64
    loss = classes_alone if kind == "own share" else whole_loss
    return trained(Network(None if kind == "gathered" else 0.1, dtype), PICTURES.to(dtype), LABELS, loss)


@pytest.mark.parametrize("kind", TOLERANCE)
def test_two_processes_do_what_one_would(both, kind):
    expected, within = one_process(kind), {"rtol": TOLERANCE[kind], "atol": TOLERANCE[kind]}
    logits = torch.cat([results[kind]["logits"] for results in both])
    torch.testing.assert_close(logits, expected["logits"], **within)
    for results in both:
        assert list(results[kind]["state"]) == list(expected["state"])  # the same keys
        torch.testing.assert_close(results[kind]["gradients"], expected["gradients"], **within)
        torch.testing.assert_close(results[kind]["state"], expected["state"], **within)


def test_without_synchronisation_they_would_not(both):
    expected = one_process("own share")
    different = [
        not torch.allclose(both[0]["not synchronised"]["gradients"][name], gradient, rtol=1e-2, atol=1e-3)
        for name, gradient in expected["gradients"].items()
    ]
    assert any(different)


def test_batches_of_unequal_size_far_from_zero(both):
    norm = nn.BatchNorm2d(3).double()
    expected = norm(FAR.double()).float()
    ours = torch.cat([results["unequal"][0] for results in both])
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4)
    for results in both:
        torch.testing.assert_close(results["unequal"][1], norm.running_var.float())


def test_half_precision_goes_in_and_comes_out(both):
    ours = torch.cat([results["half"] for results in both])
    expected = nn.BatchNorm2d(3, affine=False, track_running_stats=False)(PICTURES.bfloat16().float())
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours, expected.bfloat16())


def test_in_eval_mode_each_process_is_on_its_own(both):
    for rank, results in enumerate(both):
        torch.testing.assert_close(results["eval"], nn.BatchNorm1d(40).eval()(torch.full((2, 40), 3.0 + rank)))


def test_gathered_rows_are_in_order_and_send_every_process_s_gradient_back(both):
    rows = [torch.arange(6.0).view(2, 3).add(10 * rank) for rank in range(2)]
    for rank, results in enumerate(both):
        together, gradient = results["gather"]
        assert torch.equal(together, torch.cat([rows[0].T, rows[1].T]))
        weights = 3 * torch.arange(12.0).view(6, 2)  # of the first process's loss once, of the second's twice
        assert torch.equal(gradient, weights[3 * rank : 3 * rank + 3].T)


@pytest.mark.parametrize("momentum", [0.1, None])
def test_alone_it_is_the_ordinary_layer(momentum):
    ordinary, ours = Network(momentum), Network(momentum)
    norm, parameters = ours.neck, list(ours.parameters())
    assert synchronize_batch_norm(ours) is ours and synchronize_batch_norm(ours) is ours  # twice is once
    assert ours.neck is norm and all(a is b for a, b in zip(ours.parameters(), parameters, strict=True))
    assert type(ours.neck).__name__ == "SynchronisedBatchNorm1d" and isinstance(ours.neck, nn.BatchNorm1d)
    left, right = (trained(network, PICTURES, LABELS, whole_loss) for network in (ordinary, copy.deepcopy(ours)))
    torch.testing.assert_close(left, right, rtol=0, atol=0)
    assert gather_with_grad(PICTURES) is PICTURES


def test_a_norm_alone_and_a_shared_one_are_replaced_too():
    norm = nn.BatchNorm2d(3)
    assert type(synchronize_batch_norm(norm)).__name__ == "SynchronisedBatchNorm2d"
    shared = nn.BatchNorm1d(4)
    twice = synchronize_batch_norm(nn.Sequential(shared, nn.Linear(4, 4), shared))
    assert twice[0] is twice[2] is shared and type(shared) is not nn.BatchNorm1d


def test_a_kind_that_would_quietly_stay_alone_is_refused():
    with pytest.raises(TypeError, match=r"cannot synchronise the BatchNorm3d '1'"):
        synchronize_batch_norm(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm3d(2)))


if __name__ == "__main__":
    process(int(sys.argv[1]), sys.argv[2])
