"""``python -m antin_verify serve``: Granian, several workers with a few blocking threads each."""

import argparse
import sys
import threading
import time
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from antin_verify.app import create_app
from antin_verify.kept import KeptResults
from antin_verify.services import SERVICES, Services
from antin_verify.settings import Settings

SWEEP_SECONDS = 30


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("antin_verify", description="The public page for signed documents.")
    parser.add_argument("command", choices=["serve"])
    parser.parse_args(arguments)
    settings = Settings()
    Granian(
        "antin_verify",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=settings.threads,
        websockets=False,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve(target_loader=_load, wrap_loader=False)
    return 0


def _load() -> Flask:
    """In each worker: an app of its own, and the broom."""
    app = create_app(Settings())
    services: Services = app.extensions[SERVICES]
    threading.Thread(target=_sweep, args=(services.kept,), daemon=True, name="sweep").start()
    return app


def _sweep(kept: KeptResults) -> None:
    """What is past its time goes, whether or not anybody asks for a page."""
    while True:
        time.sleep(SWEEP_SECONDS)
        try:
            kept.sweep(time.time())
        except OSError as error:
            sys.stderr.write(f"sweep of {Path(error.filename or '').name}: {error.strerror}\n")


if __name__ == "__main__":
    sys.exit(main())
