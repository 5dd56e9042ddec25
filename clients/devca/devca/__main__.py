"""``python -m devca init|serve``."""

import argparse
import sys
from pathlib import Path

from devca.app import utc_now
from devca.ceremony import SECRET, is_made, prepare
from devca.errors import DevcaError
from devca.serve import serve
from devca.settings import Settings

DEFAULT_PORT = 8085


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 1 with the reason on standard error in both languages."""
    options = _parser().parse_args(arguments)
    chosen = {
        name: value
        for name, value in (
            ("directory", options.dir),
            ("base_url", options.base_url),
            ("misbehave", getattr(options, "misbehave", None) or None),
        )
        if value is not None
    }
    settings = Settings(**chosen)
    if settings.base_url is None and not is_made(settings.directory):
        port = getattr(options, "port", DEFAULT_PORT)
        settings = settings.model_copy(update={"base_url": f"http://127.0.0.1:{port}"})
    try:
        if options.command == "init":
            authority = prepare(settings.directory, settings.base_url, now=utc_now())
            print(f"CA MẪU: {settings.directory} ({authority.base_url})")
            print(f"Bí mật để cấp chứng thư / issuing secret: {settings.directory / SECRET}")
        else:
            serve(
                settings,
                host=options.host,
                port=options.port,
                workers=options.workers,
                threads=options.threads,
            )
    except DevcaError as error:
        print(f"{error.message}\n{error.english}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="devca", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("init", "make the CA, or find it made"), ("serve", "answer HTTP")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--dir", type=Path, help="where keys and index lie (DEVCA_DIRECTORY)")
        command.add_argument("--base-url", help="the address written into certificates (DEVCA_BASE_URL)")
    served = commands.choices["serve"]
    served.add_argument("--host", default="127.0.0.1")
    served.add_argument("--port", type=int, default=DEFAULT_PORT)
    served.add_argument("--workers", type=int, default=1)
    served.add_argument("--threads", type=int, default=4, help="blocking threads per worker")
    served.add_argument("--misbehave", action="store_true", help="open PUT /misbehave, for tests only")
    return parser


if __name__ == "__main__":
    sys.exit(main())
