"""What holds for every loss: odd batches, half precision, order, scale; and choosing one by name."""

import pytest
import torch
from torch import nn

from learning_reid.errors import UserError
from learning_reid.losses.arcface import ArcFaceLoss
from learning_reid.losses.center import CenterLoss
from learning_reid.losses.circle import CircleLoss
from learning_reid.losses.contrastive import SupervisedContrastiveLoss
from learning_reid.losses.classification import CrossEntropyLoss
from learning_reid.losses.registry import METRIC_LOSSES, WITH_CLASSES, build_metric_loss
from learning_reid.losses.triplet import TripletLoss

PAIRWISE = {
    "triplet": TripletLoss(),
    "soft triplet": TripletLoss(margin=None),
    "circle": CircleLoss(),
    "contrastive": SupervisedContrastiveLoss(),
}
torch.manual_seed(0)
BY_CLASS = {"cross-entropy": CrossEntropyLoss(), "centre": CenterLoss(8, 8), "arcface": ArcFaceLoss(8, 8)}
ALL = {**PAIRWISE, **BY_CLASS}
BLIND_TO_LENGTH = {name: ALL[name] for name in ("circle", "contrastive", "arcface")}
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
def test_what_people_are_called_does_not_matter(name):
    renamed = 1_000_003 * LABELS - 5
    assert PAIRWISE[name](FEATURES, renamed) == PAIRWISE[name](FEATURES, LABELS)


@pytest.mark.parametrize("name", BLIND_TO_LENGTH)
def test_the_length_of_features_does_not_matter(name):
    lengths = torch.linspace(0.1, 9, 8)[:, None]
    loss = BLIND_TO_LENGTH[name]
    torch.testing.assert_close(loss(lengths * FEATURES, LABELS), loss(FEATURES, LABELS))


def test_the_place_of_features_does_not_matter_to_triplets():
    loss = TripletLoss()
    torch.testing.assert_close(loss(FEATURES + 5, LABELS), loss(FEATURES, LABELS), rtol=1e-4, atol=1e-4)


def test_equal_pictures_give_no_nan(loss):
    value, gradient = value_and_gradient(loss, FEATURES[:1].repeat(8, 1), LABELS)
    assert value.isfinite() and gradient.isfinite().all()


def test_a_person_s_own_repeated_picture_gives_no_nan(loss):
    value, gradient = value_and_gradient(loss, FEATURES[[0, 0, 2, 2, 2, 5, 5, 7]], LABELS)
    assert value.isfinite() and gradient.isfinite().all()


def test_zeros_give_no_nan(loss):
    value, gradient = value_and_gradient(loss, torch.zeros(8, 8), LABELS)
    assert value.isfinite() and gradient.isfinite().all()


def test_features_right_on_and_opposite_a_class_weight_give_no_nan():
    loss = ArcFaceLoss(8, 8)
    for side in (1, -1):
        value, gradient = value_and_gradient(loss, side * 100 * loss.weights.data[LABELS], LABELS)
        assert value.isfinite() and gradient.isfinite().all() and loss.weights.grad.isfinite().all()


@pytest.mark.parametrize("name", PAIRWISE)
@pytest.mark.parametrize("labels", [[], [4], [0, 1, 2]], ids=["empty", "one picture", "all alone"])
def test_a_batch_without_positives_teaches_nothing(name, labels):
    value, gradient = value_and_gradient(PAIRWISE[name], FEATURES[: len(labels)], torch.tensor(labels))
    assert value == 0 and (gradient == 0).all()


@pytest.mark.parametrize("name", ["triplet", "soft triplet", "circle"])
def test_a_batch_without_strangers_teaches_nothing(name):
    value, gradient = value_and_gradient(PAIRWISE[name], FEATURES, torch.full((8,), 3))
    assert value == 0 and (gradient == 0).all()


@pytest.mark.parametrize("name", BY_CLASS)
def test_an_empty_batch_is_zero(name):
    value, _ = value_and_gradient(BY_CLASS[name], FEATURES[:0], LABELS[:0])
    assert value == 0


@pytest.mark.parametrize("name", ["triplet", "soft triplet", "circle"])
def test_who_cannot_be_compared_is_left_out(name):
    """The lone picture of person 7 is a stranger to the others, but no anchor: the mean is over the other seven."""
    far = FEATURES.clone()
    far[7] = -far[:7].mean(dim=0) * 50  # nobody's hardest stranger
    torch.testing.assert_close(PAIRWISE["triplet"](far, LABELS), PAIRWISE["triplet"](far[:7], LABELS[:7]))
    assert PAIRWISE[name](far, LABELS) > 0


def test_half_precision_is_left_outside(loss):
    """Under autocast, and with features that come out of it, a loss computes in float32."""
    features = FEATURES.bfloat16().requires_grad_()
    expected, slope = value_and_gradient(loss, features.detach().float(), LABELS)
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(features, LABELS)
    value.backward()
    assert value.dtype == torch.float32 and value == expected
    assert torch.equal(features.grad, slope.bfloat16())


def test_every_metric_loss_has_a_name():
    assert list(METRIC_LOSSES) == ["triplet", "circle", "supcon", "centre", "arcface", "none"]
    for name in METRIC_LOSSES:
        own = {"classes": int(LABELS.max()) + 1, "dimension": FEATURES.shape[1]} if name in WITH_CLASSES else {}
        loss = build_metric_loss(name, **own)
        value, gradient = value_and_gradient(loss, FEATURES.bfloat16(), LABELS)
        assert isinstance(loss, nn.Module) and value.dtype == torch.float32
        assert (value == 0) == (name == "none") and gradient is not None


def test_options_reach_the_loss():
    assert build_metric_loss("triplet").margin == 0.3
    assert build_metric_loss("triplet", margin=0, soft=False).margin == 0
    assert build_metric_loss("triplet", soft=True).margin is None
    circle = build_metric_loss("circle", margin=0.4, scale=80)
    assert (circle.margin, circle.scale) == (0.4, 80)
    assert build_metric_loss("supcon", temperature=0.05).temperature == 0.05


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tripplet", {}, "unknown metric loss 'tripplet': did you mean 'triplet'?"),
        ("xyz", {}, "unknown metric loss 'xyz': valid: 'triplet', 'circle', 'supcon', 'centre', 'arcface', 'none'"),
        ("triplet", {"margn": 1}, "metric loss 'triplet' has no option 'margn': did you mean 'margin'?"),
        ("triplet", {"scale": 1}, "metric loss 'triplet' has no option 'scale': valid: 'margin', 'soft'"),
        ("none", {"margin": 1}, "metric loss 'none' has no option 'margin': it takes none"),
        ("triplet", {"margin": -0.1}, "metric loss 'triplet': margin must be 0 or more, not -0.1"),
        ("circle", {"scale": 0}, "metric loss 'circle': scale must be above 0, not 0"),
        ("supcon", {"temperature": float("nan")}, "metric loss 'supcon': temperature must be above 0, not nan"),
    ],
)
def test_what_a_loss_cannot_be_told(name, options, message):
    with pytest.raises(UserError) as told:
        build_metric_loss(name, **options)
    assert str(told.value) == message
