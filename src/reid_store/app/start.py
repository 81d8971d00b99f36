"""Create the app and serve it: on this machine, in a notebook, on Colab."""

import os
import sys
from collections.abc import Sequence

from learning_reid.errors import UserError
from reid_store.app import markup
from reid_store.app.networks import Networks
from reid_store.app.page import App, Page, gr
from reid_store.app.session import MAX_SESSIONS, AppState
from reid_store.app.uploads import MAX_FILE_MB
from reid_store.config import StoreSettings

LOCAL = ("127.0.0.1", "localhost", "::1")
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]


def build_app(settings: StoreSettings | None = None, models: Sequence[str] = (), with_store: bool = False) -> App:
    """Create the page; `start_app` serves it, and its method `close` ends it.

    Args:
        settings: Networks and store; by default the embedded networks.
        models: Further embedders to choose from, named as for `similarity` (`osnet_x0_25=w.pth`).
        with_store: Offer the store of the settings as footage.

    Raises:
        UserError: Weights are missing, or a model name is wrong.
    """
    settings = settings or StoreSettings()
    store = settings.store
    state = AppState(Networks(settings, models), store.url if with_store else None, store.approximate)
    os.environ["GRADIO_TEMP_DIR"] = str(state.uploads)  # gradio stores uploads there; `state` deletes it
    return Page(state).app


def start_app(app: App, host: str = "127.0.0.1", port: int | None = None) -> str:
    """Serve the page and return its address; in a notebook it is also shown below the cell.

    There is no public link, no request to another machine, and no usage statistics.

    Args:
        app: From `build_app`.
        host: Address to listen on; the default is reachable from this machine only.
        port: None = the first free one from 7860.

    Raises:
        UserError: The port is in use.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from reid_store.app.same_origin import SameOrigin

    middleware = []
    if host in LOCAL and "google.colab" not in sys.modules:  # Colab uses a proxy with another host name
        middleware = [
            # against DNS rebinding: another site's name that was made to resolve to this machine
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"]),
            Middleware(SameOrigin),
        ]
    try:
        _, address, _ = app.launch(
            server_name=host, server_port=port, share=False, ssr_mode=False, prevent_thread_lock=True, quiet=True,
            max_file_size=f"{MAX_FILE_MB}mb", footer_links=[], run_history=False, enable_monitoring=False,
            app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None, "middleware": middleware},
            state_session_capacity=MAX_SESSIONS,
            theme=gr.themes.Default(primary_hue="blue", font=SYSTEM_FONTS, font_mono=["ui-monospace", "monospace"]),
            css=markup.read_style(), height=900,
        )  # fmt: skip
    except OSError:
        raise UserError(f"cannot listen on {host}, port {port or '7860 to 7959'}; choose another --port") from None
    return str(address)
