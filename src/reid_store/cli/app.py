"""Open the web app."""

import signal
import sys
import time
from typing import Annotated

import typer

from reid_store.cli import _store

RENAMED = {"--model": "--weights"}
_POLL_S = 0.2


def run(
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Further network to choose from, named as for `similarity`: osnet_x0_25=FILE. Repeatable.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default is reachable from this machine only.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port.", show_default="the first free one from 7860")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Open the web app: click a person to find them in all other frames.

    Footage is a synthetic street, your own images and videos, or your store. Nothing leaves this machine, and uploads
    are deleted when the page is closed.
    """
    settings = _store.load_store_settings(config, overrides)
    from learning_reid.io.interrupt import InterruptHandler
    from reid_store.connect import DEFAULT_URL, store_file
    from reid_store.database import open_store

    url = settings.store.url
    file = store_file(url)
    with_store = url != DEFAULT_URL or (file is not None and file.is_file())
    if with_store:
        open_store(url, must_exist=True).dispose()  # reports problems before the networks are loaded
    from reid_store.app.start import LOCAL, build_app, start_app

    app = build_app(settings, weights or [], with_store)
    address = start_app(app, host, port)
    try:
        with InterruptHandler("closing the app") as interrupt:
            if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
                signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))  # a closed terminal
            if host not in LOCAL:
                print(f"warning: everyone who can reach {host} can use this page and see its footage", file=sys.stderr)
            print(f"{address}\nPress Ctrl-C to close the app and delete uploads.")
            if browser:
                import webbrowser

                webbrowser.open(address)
            while not interrupt.requested:
                time.sleep(_POLL_S)
    except KeyboardInterrupt:
        pass
    finally:
        app.close(verbose=False)
