"""Each classic mistake with published weights gets its note, and nothing else does."""

from learning_reid.zoo.advice import notes_on_use, notes_on_weights
from learning_reid.zoo.cards import all_cards

CARDS = all_cards()
MULTI = CARDS["osnet_ain_x1_0.msmt17+market1501+cuhk03"]


def test_nothing_is_said_of_weights_used_as_published() -> None:
    card = CARDS["osnet_x0_25.msmt17"]
    assert notes_on_weights(card, (256, 128)) == [] and notes_on_use(card, "market1501", "euclidean") == []


def test_imagenet_weights_are_no_weights_for_people() -> None:
    for card in CARDS.values():
        told = [note for note in notes_on_weights(card) if "1,000 kinds of things" in note]
        assert len(told) == (card.trained_on == "imagenet")


def test_a_withdrawn_data_set_is_told_where_it_was_trained_on_and_where_it_is_measured_on() -> None:
    for card in CARDS.values():
        told = [note for note in notes_on_weights(card) if "withdrawn" in note]
        assert len(told) == ("dukemtmcreid" in card.trained_on)
    (note,) = notes_on_use(MULTI, "dukemtmcreid", "cosine")
    assert "withdrawn by its authors" in note


def test_another_size_of_pictures() -> None:
    (note,) = notes_on_weights(CARDS["hacnn.market1501"], (256, 128))
    assert "160×64" in note and "256×128" in note
    assert notes_on_weights(CARDS["hacnn.market1501"], (160, 64)) == []


def test_the_target_among_the_data_trained_on() -> None:
    (note,) = notes_on_use(MULTI, "market1501", "cosine")
    assert "trained on market1501" in note and "cameras it has seen" in note
    (note,) = notes_on_use(MULTI, "mars", "cosine")
    assert "mars itself" in note, "MARS shows the people of Market-1501"
    (note,) = notes_on_use(CARDS["osnet_x1_0.msmt17_combineall"], "msmt17", "euclidean")
    assert "worth nothing" in note


def test_another_distance_than_the_cards() -> None:
    (same_order,) = notes_on_use(MULTI, "viper", "euclidean")
    (other_order,) = notes_on_use(MULTI, "viper", "euclidean", unit_length=False)
    assert "rank alike" in same_order and "--metric cosine" in other_order
