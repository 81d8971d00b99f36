"""Suggestions in error messages, and credentials that are hidden."""

import logging

import pytest

from learning_reid.errors import UserError, did_you_mean, hide_credentials
from learning_reid.io.logs import MessageFormatter


def test_at_most_the_requested_number_of_similar_names() -> None:
    names = ["osnet_x1_0", "osnet_x0_75", "osnet_x0_5", "osnet_x0_25", "resnet50"]
    assert did_you_mean("osnet_x0_2", names, most=1) == "did you mean 'osnet_x0_25'?"
    assert did_you_mean("osnet_x0_2", names).count("osnet") == 3


def test_without_similar_names_the_first_twelve_are_listed() -> None:
    hint = did_you_mean("#", [f"name{i}" for i in range(20)])
    assert hint.startswith("valid: 'name0'") and "name11" in hint and "name12" not in hint and hint.endswith("…")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:secret@10.0.0.2:554/1", "rtsp://***@10.0.0.2:554/1"),
        ("RTSP://secret@camera/1 failed", "RTSP://***@camera/1 failed"),
        ("rtsp://admin:sec@ret@camera/1", "rtsp://***@camera/1"),
        ("'rtsp://admin:sec/ret@camera/1'", "'rtsp://***@camera/1'"),
        ("rtsp://admin:sec ret@camera/1", "rtsp://***@camera/1"),
        ("postgresql+psycopg://user:secret@host/db", "postgresql+psycopg://***@host/db"),
        ("http://camera/mjpg?channel=1&PASSWORD=secret&size=2", "http://camera/mjpg?channel=1&PASSWORD=***&size=2"),
        ("http://camera/x?user=secret&pwd=secret", "http://camera/x?user=***&pwd=***"),
        ("http://camera/x?access_token=secret, and more", "http://camera/x?access_token=*** and more"),
        ("https://example.org/a@b", "https://***@b"),  # rather too much than too little
        ("mail to somebody@example.org", "mail to somebody@example.org"),
        ("rtsp:/admin:secret@camera/1: no such file", "rtsp:/***@camera/1: no such file"),  # as a path
        ("C:/people/a@b.png", "C:/people/a@b.png"),
        ("sqlite:///data/a.db", "sqlite:///data/a.db"),
    ],
)
def test_credentials_in_addresses_are_hidden(text: str, shown: str) -> None:
    assert hide_credentials(text) == str(UserError(text)) == shown
    record = logging.LogRecord("name", logging.INFO, "", 0, "%s", (text,), None)
    assert MessageFormatter().format(record) == shown
