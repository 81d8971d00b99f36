"""Two processes (gloo, on the CPU) against one with the whole batch: forward, gradients, running statistics.

The two processes run this file as a script.
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
from learning_reid.training.sync_norm import (
    SynchronizedBatchNorm1d,
    SynchronizedBatchNorm2d,
    gather_with_grad,
    synchronize_batch_norm,
)

pytestmark = pytest.mark.slow

LABELS = torch.arange(4).repeat_interleave(2)  # 4 persons × 2 images; each process has two of the persons
IMAGES = torch.randn(8, 3, 6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 + 1
FAR = (IMAGES + 1000).float()  # far from zero, squares would cancel
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

    def forward(self, images):
        features = self.body(images)
        return features, self.classifier(self.neck(features))


def whole_loss(features, logits, labels):
    return triplet_loss(features, labels, None) + cross_entropy(logits, labels)


def trained(network, images, labels, loss, average=lambda gradient: gradient):
    """Take two steps; return logits and gradients of the last, and the state."""
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05)
    for _ in range(2):
        optimiser.zero_grad()
        features, logits = network(images)
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
    """Compute everything that the tests compare, in one of the two processes, and save it."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    mine = slice(4 * rank, 4 * rank + 4)
    images, labels = IMAGES[mine], LABELS[mine]

    def gathered_loss(features, logits, labels):
        gathered = gather_with_grad(torch.cat([features, logits], dim=1))
        return whole_loss(gathered[:, :40], gathered[:, 40:], LABELS)

    def own_share(features, logits, labels):
        return cross_entropy(logits, labels)

    parallel = DistributedDataParallel(synchronize_batch_norm(Network()))
    results = {
        "gathered": trained(synchronize_batch_norm(Network(None)), images, labels, gathered_loss, average),
        "own share": trained(synchronize_batch_norm(Network()), images, labels, own_share, average),
        "DistributedDataParallel": trained(parallel, images, labels, gathered_loss),
        "float32": trained(
            synchronize_batch_norm(Network(dtype=torch.float32)), images.float(), labels, gathered_loss, average
        ),
        "not synchronized": trained(Network(), images, labels, own_share, average),
    }

    unequal = synchronize_batch_norm(nn.BatchNorm2d(3))
    results["unequal"] = unequal(FAR[:3] if rank == 0 else FAR[3:]).detach(), unequal.running_var

    half = synchronize_batch_norm(nn.BatchNorm2d(3, affine=False, track_running_stats=False))
    with torch.autocast("cpu", torch.bfloat16):
        results["half"] = half(images.bfloat16())
    tracked = synchronize_batch_norm(nn.BatchNorm1d(40)).eval()
    results["eval"] = tracked(torch.full((2, 40), 3.0 + rank)).detach()

    rows = torch.arange(6.0).view(2, 3).add(10 * rank).requires_grad_()
    gathered = gather_with_grad(rows.T)  # (6, 2), not contiguous
    (gathered * torch.arange(12.0).view(6, 2) * (rank + 1)).sum().backward()
    results["gather"] = gathered.detach(), rows.grad
    torch.save(results, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def both(tmp_path_factory, repository):
    """The results of the two processes."""
    folder = tmp_path_factory.mktemp("processes")
    environment = {**os.environ, "PYTHONPATH": str(repository), "GLOO_SOCKET_IFNAME": "lo"}
    if sys.platform != "linux":
        del environment["GLOO_SOCKET_IFNAME"]
    command = [sys.executable, __file__, str(folder)]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


def one_process(kind):
    def classes_alone(features, logits, labels):
        return cross_entropy(logits, labels)

    dtype = torch.float32 if kind == "float32" else torch.float64
    loss = classes_alone if kind == "own share" else whole_loss
    return trained(Network(None if kind == "gathered" else 0.1, dtype), IMAGES.to(dtype), LABELS, loss)


@pytest.mark.parametrize("kind", TOLERANCE)
def test_two_processes_compute_what_one_computes(both, kind):
    expected, within = one_process(kind), {"rtol": TOLERANCE[kind], "atol": TOLERANCE[kind]}
    logits = torch.cat([results[kind]["logits"] for results in both])
    torch.testing.assert_close(logits, expected["logits"], **within)
    for results in both:
        assert list(results[kind]["state"]) == list(expected["state"])  # the same keys
        torch.testing.assert_close(results[kind]["gradients"], expected["gradients"], **within)
        torch.testing.assert_close(results[kind]["state"], expected["state"], **within)


def test_without_synchronization_they_differ(both):
    expected = one_process("own share")
    different = [
        not torch.allclose(both[0]["not synchronized"]["gradients"][name], gradient, rtol=1e-2, atol=1e-3)
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


def test_half_precision_stays_half_precision(both):
    ours = torch.cat([results["half"] for results in both])
    expected = nn.BatchNorm2d(3, affine=False, track_running_stats=False)(IMAGES.bfloat16().float())
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours, expected.bfloat16())


def test_in_eval_mode_processes_are_independent(both):
    for rank, results in enumerate(both):
        torch.testing.assert_close(results["eval"], nn.BatchNorm1d(40).eval()(torch.full((2, 40), 3.0 + rank)))


def test_gathered_rows_are_in_order_and_get_the_gradients_of_all_processes(both):
    rows = [torch.arange(6.0).view(2, 3).add(10 * rank) for rank in range(2)]
    for rank, results in enumerate(both):
        gathered, gradient = results["gather"]
        assert torch.equal(gathered, torch.cat([rows[0].T, rows[1].T]))
        weights = 3 * torch.arange(12.0).view(6, 2)  # once of the first process's loss, twice of the second's
        assert torch.equal(gradient, weights[3 * rank : 3 * rank + 3].T)


@pytest.mark.parametrize("momentum", [0.1, None])
def test_in_one_process_it_is_the_ordinary_layer(momentum):
    ordinary, ours = Network(momentum), Network(momentum)
    parameters, state = list(ours.parameters()), ours.state_dict()
    assert synchronize_batch_norm(ours) is ours
    assert type(ours.neck) is SynchronizedBatchNorm1d and type(ours.body[1]) is SynchronizedBatchNorm2d
    neck = ours.neck
    assert synchronize_batch_norm(ours) is ours and ours.neck is neck  # twice is once
    assert all(a is b for a, b in zip(ours.parameters(), parameters, strict=True))
    assert list(ours.state_dict()) == list(state)
    left, right = (trained(network, IMAGES, LABELS, whole_loss) for network in (ordinary, copy.deepcopy(ours)))
    torch.testing.assert_close(left, right, rtol=0, atol=0)
    assert gather_with_grad(IMAGES) is IMAGES


def test_a_single_layer_and_a_shared_layer_are_replaced():
    norm = nn.BatchNorm2d(3).eval()
    replaced = synchronize_batch_norm(norm)
    assert type(replaced) is SynchronizedBatchNorm2d and replaced.weight is norm.weight and not replaced.training
    shared = nn.BatchNorm1d(4)
    network = synchronize_batch_norm(nn.Sequential(shared, nn.Linear(4, 4), shared))
    assert network[0] is network[2] and type(network[0]) is SynchronizedBatchNorm1d


def test_other_kinds_of_batch_norm_are_refused():
    with pytest.raises(TypeError, match="cannot synchronize a BatchNorm3d"):
        synchronize_batch_norm(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm3d(2)))


if __name__ == "__main__":
    first = os.fork()  # both have imported torch then
    process(1 if first else 0, sys.argv[1])
    if first:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]))
