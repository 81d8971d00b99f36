"""Each classic mistake with published weights gets its note, and nothing else does."""

from learning_reid.zoo.advice import notes_on_use, notes_on_weights
from learning_reid.zoo.cards import all_cards

CARDS = all_cards()
MULTI = CARDS["osnet_ain_x1_0.msmt17+market1501+cuhk03"]


def test_weights_used_as_published_have_no_notes() -> None:
    card = CARDS["osnet_x0_25.msmt17"]
    assert notes_on_weights(card, (256, 128)) == [] and notes_on_use(card, "market1501", "euclidean") == []


def test_imagenet_weights_are_noted_as_not_trained_on_people() -> None:
    for card in CARDS.values():
        notes = [note for note in notes_on_weights(card) if "1,000 kinds of objects" in note]
        assert len(notes) == (card.trained_on == "imagenet")


def test_withdrawn_dataset_is_noted_for_training_and_for_testing() -> None:
    for card in CARDS.values():
        notes = [note for note in notes_on_weights(card) if "withdrawn" in note]
        assert len(notes) == ("dukemtmcreid" in card.trained_on)
    (note,) = notes_on_use(MULTI, "dukemtmcreid", "cosine")
    assert "withdrawn by its authors" in note


def test_another_input_size_is_noted() -> None:
    (note,) = notes_on_weights(CARDS["hacnn.market1501"], (256, 128))
    assert "160×64" in note and "256×128" in note
    assert notes_on_weights(CARDS["hacnn.market1501"], (160, 64)) == []


def test_target_among_the_training_datasets_is_noted() -> None:
    (note,) = notes_on_use(MULTI, "market1501", "cosine")
    assert "trained on market1501" in note and "cameras it was trained on" in note
    (note,) = notes_on_use(MULTI, "mars", "cosine")
    assert "mars itself" in note, "MARS shows the people of Market-1501"
    (note,) = notes_on_use(CARDS["osnet_x1_0.msmt17_combineall"], "msmt17", "euclidean")
    assert "meaningless" in note


def test_another_distance_than_published_is_noted() -> None:
    (same_order,) = notes_on_use(MULTI, "viper", "euclidean")
    (other_order,) = notes_on_use(MULTI, "viper", "euclidean", unit_length=False)
    assert "same ranking" in same_order and "--metric cosine" in other_order
