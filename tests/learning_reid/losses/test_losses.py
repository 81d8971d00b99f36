"""Properties of every loss: unusual batches, half precision, order, scale; and losses by name."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from learning_reid.errors import UserError
from learning_reid.losses import (
    ArcFaceLoss,
    CenterLoss,
    CircleLoss,
    SupervisedContrastiveLoss,
    TripletLoss,
    create_loss,
    cross_entropy,
    list_losses,
)
from learning_reid.losses.registry import loss_options

PAIRWISE = {
    "triplet": TripletLoss(),
    "soft triplet": TripletLoss(margin=None),
    "circle": CircleLoss(),
    "contrastive": SupervisedContrastiveLoss(),
}
torch.manual_seed(0)
BY_CLASS = {"cross-entropy": cross_entropy, "center": CenterLoss(8, 8), "arcface": ArcFaceLoss(8, 8)}
ALL = {**PAIRWISE, **BY_CLASS}
SCALE_INVARIANT = {name: ALL[name] for name in ("circle", "contrastive", "arcface")}
LABELS = torch.tensor([0, 0, 1, 1, 1, 2, 2, 7])
FEATURES = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))


def value_and_gradient(loss, features, labels):
    features = features.clone().requires_grad_()
    value = loss(features, labels)
    value.backward()
    return value.detach(), features.grad


@pytest.fixture(params=ALL)
def loss(request):
    return ALL[request.param]


def test_a_loss_is_a_finite_scalar_with_a_gradient(loss):
    value, gradient = value_and_gradient(loss, FEATURES, LABELS)
    assert value.shape == () and value > 0 and gradient.abs().sum() > 0


def test_labels_must_fit(loss):
    with pytest.raises(ValueError, match="8 features but 7 labels"):
        loss(FEATURES, LABELS[:7])


def test_the_order_of_the_batch_does_not_matter(loss):
    order = torch.randperm(8, generator=torch.Generator().manual_seed(3))
    value, gradient = value_and_gradient(loss, FEATURES, LABELS)
    shuffled, its_gradient = value_and_gradient(loss, FEATURES[order], LABELS[order])
    torch.testing.assert_close(shuffled, value)
    torch.testing.assert_close(its_gradient, gradient[order])


@pytest.mark.parametrize("name", PAIRWISE)
def test_the_person_ids_do_not_matter(name):
    renamed = 1_000_003 * LABELS - 5
    assert PAIRWISE[name](FEATURES, renamed) == PAIRWISE[name](FEATURES, LABELS)


@pytest.mark.parametrize("name", SCALE_INVARIANT)
def test_the_length_of_features_does_not_matter(name):
    lengths = torch.linspace(0.1, 9, 8)[:, None]
    loss = SCALE_INVARIANT[name]
    torch.testing.assert_close(loss(lengths * FEATURES, LABELS), loss(FEATURES, LABELS))


def test_triplet_loss_is_invariant_to_translation():
    loss = TripletLoss()
    torch.testing.assert_close(loss(FEATURES + 5, LABELS), loss(FEATURES, LABELS), rtol=1e-4, atol=1e-4)


def test_identical_images_give_no_nan(loss):
    value, gradient = value_and_gradient(loss, FEATURES[:1].repeat(8, 1), LABELS)
    assert value.isfinite() and gradient.isfinite().all()


def test_repeated_images_of_a_person_give_no_nan(loss):
    value, gradient = value_and_gradient(loss, FEATURES[[0, 0, 2, 2, 2, 5, 5, 7]], LABELS)
    assert value.isfinite() and gradient.isfinite().all()


def test_zeros_give_no_nan(loss):
    value, gradient = value_and_gradient(loss, torch.zeros(8, 8), LABELS)
    assert value.isfinite() and gradient.isfinite().all()


def test_features_at_and_opposite_a_class_weight_give_no_nan():
    loss = ArcFaceLoss(8, 8)
    for side in (1, -1):
        value, gradient = value_and_gradient(loss, side * 100 * loss.weights.data[LABELS], LABELS)
        assert value.isfinite() and gradient.isfinite().all() and loss.weights.grad.isfinite().all()


@pytest.mark.parametrize("name", PAIRWISE)
@pytest.mark.parametrize("labels", [[], [4], [0, 1, 2]], ids=["empty", "one image", "one image each"])
def test_a_batch_without_positives_has_zero_loss_and_gradient(name, labels):
    value, gradient = value_and_gradient(PAIRWISE[name], FEATURES[: len(labels)], torch.tensor(labels))
    assert value == 0 and (gradient == 0).all()


@pytest.mark.parametrize("name", ["triplet", "soft triplet", "circle"])
def test_a_batch_without_negatives_has_zero_loss_and_gradient(name):
    value, gradient = value_and_gradient(PAIRWISE[name], FEATURES, torch.full((8,), 3))
    assert value == 0 and (gradient == 0).all()


@pytest.mark.parametrize("name", BY_CLASS)
def test_the_loss_of_an_empty_batch_is_zero(name):
    value, _ = value_and_gradient(BY_CLASS[name], FEATURES[:0], LABELS[:0])
    assert value == 0


@pytest.mark.parametrize("name", ["triplet", "soft triplet", "circle"])
def test_images_without_positives_are_no_anchors(name):
    """The only image of person 7 is a negative of the others, but no anchor: the mean is over the other seven."""
    far = FEATURES.clone()
    far[7] = -far[:7].mean(dim=0) * 50  # never the hardest negative
    torch.testing.assert_close(PAIRWISE["triplet"](far, LABELS), PAIRWISE["triplet"](far[:7], LABELS[:7]))
    assert PAIRWISE[name](far, LABELS) > 0


def test_losses_compute_in_float32_under_autocast(loss):
    """Also with bfloat16 features."""
    features = FEATURES.bfloat16().requires_grad_()
    expected, slope = value_and_gradient(loss, features.detach().float(), LABELS)
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(features, LABELS)
    value.backward()
    assert value.dtype == torch.float32 and value == expected
    assert torch.equal(features.grad, slope.bfloat16())


def test_every_metric_loss_has_a_name():
    assert list_losses() == ["arcface", "center", "circle", "supcon", "none", "triplet"]
    for name in list_losses():
        own = {"classes": int(LABELS.max()) + 1, "dimension": FEATURES.shape[1]}
        loss = create_loss(name, **(own if "classes" in loss_options(name) else {}))
        value, gradient = value_and_gradient(loss, FEATURES.bfloat16(), LABELS)
        assert isinstance(loss, nn.Module) and value.dtype == torch.float32
        assert (value == 0) == (name == "none") and gradient is not None


def test_losses_are_listed_without_torch():
    code = "import sys\nfrom learning_reid.losses import list_losses\nlist_losses()\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_earlier_spelling_of_center_is_accepted():
    assert isinstance(create_loss("centre", classes=3, dimension=4), CenterLoss)


def test_options_reach_the_loss():
    assert create_loss("triplet").margin == 0.3
    assert create_loss("triplet", margin=0).margin == 0
    assert create_loss("triplet", margin=None).margin is None
    circle = create_loss("circle", margin=0.4, scale=80)
    assert (circle.margin, circle.scale) == (0.4, 80)
    assert create_loss("supcon", temperature=0.05).temperature == 0.05


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tripplet", {}, "unknown metric loss 'tripplet': did you mean 'triplet'?"),
        ("xyz", {}, "unknown metric loss 'xyz': valid: " + ", ".join(map(repr, list_losses()))),
        ("triplet", {"margn": 1}, "metric loss 'triplet' has no option 'margn': did you mean 'margin'?"),
        ("triplet", {"scale": 1}, "metric loss 'triplet' has no option 'scale': valid: 'margin'"),
        ("none", {"margin": 1}, "metric loss 'none' has no option 'margin': it takes none"),
        ("triplet", {"margin": -0.1}, "metric loss 'triplet': margin must be 0 or more, not -0.1"),
        ("circle", {"scale": 0}, "metric loss 'circle': scale must be above 0, not 0"),
        ("supcon", {"temperature": float("nan")}, "metric loss 'supcon': temperature must be above 0, not nan"),
    ],
)
def test_unknown_names_options_and_values_are_refused(name, options, message):
    with pytest.raises(UserError) as error:
        create_loss(name, **options)
    assert str(error.value) == message
