"""Make the page and show it: on this machine, in a notebook, on Colab."""

import os
import sys
from collections.abc import Sequence

from learning_reid.errors import UserError
from reid_store.app import markup
from reid_store.app.networks import Networks
from reid_store.app.page import App, Page, gr
from reid_store.app.session import MAX_SESSIONS, Desk
from reid_store.app.uploads import LARGEST_MB
from reid_store.config import StoreSettings

LOCAL = ("127.0.0.1", "localhost", "::1")
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]


def build_app(settings: StoreSettings | None = None, models: Sequence[str] = (), with_store: bool = False) -> App:
    """Make the page; `start_app` shows it, and its `close` ends it.

    Args:
        settings: the networks and the store; the embedded ones where left out.
        models: further embedders to choose from, each as `similarity` names it (`osnet_x0_25=w.pth`).
        with_store: offer the people of the store, too.

    Raises:
        UserError: weights are missing, or a model's name is wrong.
    """
    settings = settings or StoreSettings()
    store = settings.store
    desk = Desk(Networks(settings, models), store.url if with_store else None, store.approximate)
    os.environ["GRADIO_TEMP_DIR"] = str(desk.uploads)  # gradio keeps there what comes: it goes with the desk
    return Page(desk).app


def start_app(app: App, host: str = "127.0.0.1", port: int | None = None) -> str:
    """Show the page on this machine; in a notebook, Colab's too, also below the cell. Returns its address.

    No public link is made, nothing is asked of any other machine, and nobody is told that the page is used.

    Args:
        app: of `build_app`.
        host: who may ask: this machine only, unless another address is given.
        port: None = the first free one from 7860.

    Raises:
        UserError: the port is taken.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from reid_store.app.same_origin import SameOrigin

    middleware = []
    if host in LOCAL and "google.colab" not in sys.modules:  # Colab asks through a proxy of its own
        # a page of another name that was made to point here (DNS rebinding) gets no answer
        middleware = [
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"]),
            Middleware(SameOrigin),
        ]
    try:
        _, address, _ = app.launch(
            server_name=host, server_port=port, share=False, ssr_mode=False, prevent_thread_lock=True, quiet=True,
            max_file_size=f"{LARGEST_MB}mb", footer_links=[], run_history=False, enable_monitoring=False,
            app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None, "middleware": middleware},
            state_session_capacity=MAX_SESSIONS,
            theme=gr.themes.Default(primary_hue="blue", font=SYSTEM_FONTS, font_mono=["ui-monospace", "monospace"]),
            css=markup.style(), height=900,
        )  # fmt: skip
    except OSError:
        raise UserError(f"nothing can listen on {host}, port {port or '7860 to 7959'}; give another --port") from None
    return str(address)
