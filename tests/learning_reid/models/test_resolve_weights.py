"""From the setting to a file."""

import hashlib
from pathlib import Path

import pytest

from learning_reid.errors import UserError
from learning_reid.models import weights_file as locate
from learning_reid.models.weights_file import resolve_weights
from learning_reid.zoo import fetch


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"1")
    assert resolve_weights("osnet_x1_0", str(tmp_path / "mine")) == tmp_path / "mine"


@pytest.mark.parametrize(
    "weights", ["nowhere.pth", "some/folder/without_suffix", "a.safetensors", "b.onnx", "c.pth.tar"]
)
def test_a_missing_file_is_told_in_a_line(weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"no weights file .* embedder\.weights") as caught:
        resolve_weights("osnet_x0_25", weights)
    assert len(str(caught.value).splitlines()) == 1


def test_anything_else_names_published_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []
    monkeypatch.setattr(fetch, "fetch", lambda name: asked.append(name) or tmp_path)
    assert resolve_weights("osnet_ain_x1_0", "msmt17+dukemtmcreid+cuhk03") == tmp_path
    assert asked == ["osnet_ain_x1_0.msmt17+dukemtmcreid+cuhk03"]


def test_published_weights_that_do_not_exist_are_told() -> None:
    with pytest.raises(UserError, match=r"osnet_x0_25\.msmt17"):
        resolve_weights("osnet_x0_25", "msmt71")


def test_the_embedded_weights_are_of_one_network_only() -> None:
    with pytest.raises(UserError, match="are of osnet_x0_25, not osnet_x1_0"):
        resolve_weights("osnet_x1_0", "embedded")


def test_the_embedded_weights_are_those_of_their_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "reid.safetensors"
    monkeypatch.setattr(locate, "EMBEDDED_FILE", file)
    with pytest.raises(UserError, match="are missing"):
        resolve_weights("osnet_x0_25", "embedded")
    file.write_bytes(b"weights")
    card = tmp_path / "reid.yml"
    card.write_text(f"file: reid.safetensors\nsha256: {hashlib.sha256(b'weights').hexdigest()}\n")
    assert resolve_weights("osnet_x0_25", "embedded") == file
    assert resolve_weights("osnet_x0_25", str(card)) == file
    file.write_bytes(b"weight")
    for named in ("embedded", str(card)):
        with pytest.raises(UserError, match="not the file of its card"):
            resolve_weights("osnet_x0_25", named)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("metric: cosine\n", "is no card of weights"),
        ("file: gone.pth\nsha256: abc\n", "does not lie beside it"),
        ("file: ../../etc/passwd\nsha256: abc\n", "describes passwd, which does not lie beside it"),
    ],
)
def test_what_is_no_card_is_told_in_a_line(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "card.yml").write_text(content)
    with pytest.raises(UserError, match=said) as caught:
        resolve_weights("osnet_x0_25", str(tmp_path / "card.yml"))
    assert "\n" not in str(caught.value)


def test_a_file_beside_its_card_is_compared_with_it(tmp_path: Path) -> None:
    file, card = tmp_path / "mine.safetensors", tmp_path / "mine.yml"
    file.write_bytes(b"weights")
    card.write_text(f"file: mine.safetensors\nsha256: {hashlib.sha256(b'weights').hexdigest()}\n")
    assert resolve_weights("osnet_x1_0", str(file)) == file
    file.write_bytes(b"damaged")
    with pytest.raises(UserError, match="not the file of its card"):
        resolve_weights("osnet_x1_0", str(file))
    card.write_text("what: notes of mine\n")  # no card
    assert resolve_weights("osnet_x1_0", str(file)) == file
