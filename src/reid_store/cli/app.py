"""A page in the browser: click a person, see where else they were."""

import signal
import sys
import time
from typing import Annotated

import typer

from reid_store.cli import _store


def run(
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Another network to choose from, as `similarity` names it: osnet_x0_25=FILE; may be given many times.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on; this one is of this machine only.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The port.", show_default="the first free one from 7860")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Open a page in the browser: choose footage, click a person, see who looks like them in all other frames.

    A generated street is there; your own pictures, videos and store can be looked at. Nothing leaves this machine, and
    what was uploaded is deleted when the page is closed.
    """
    settings = _store.load_store_settings(config, overrides)
    from reid_store.connect import DEFAULT_URL, store_file
    from reid_store.database import open_store

    url = settings.store.url
    file = store_file(url)
    with_store = url != DEFAULT_URL or (file is not None and file.is_file())
    if with_store:
        open_store(url, must_exist=True).dispose()  # what is wrong with it is told now
    from reid_store.app.start import LOCAL, build_app, start_app

    app = build_app(settings, model or [], with_store)
    address = start_app(app, host, port)
    endings = [signal.SIGINT, signal.SIGTERM]  # the first also where a shell had started us deaf to it
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored under nohup
        endings.append(signal.SIGHUP)
    for ending in endings:
        signal.signal(ending, signal.default_int_handler)
    try:
        if host not in LOCAL:
            print(f"warning: whoever reaches {host} can use this page and see its footage", file=sys.stderr)
        print(f"{address}\nCtrl-C ends it, and deletes what was uploaded")
        if browser:
            import webbrowser

            webbrowser.open(address)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass
    finally:
        app.close(verbose=False)
