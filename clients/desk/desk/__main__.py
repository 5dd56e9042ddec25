"""``python -m desk serve``. Settings: ``DESK_*``, described in ``settings.py``."""

import argparse

from desk.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("desk", description="Bàn ký số. The desk where officials sign.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="chạy bàn ký số / run the desk")
    parser.parse_args(arguments)
    # The server's code is no use to other commands.
    from desk.serve import serve  # noqa: PLC0415

    serve(Settings())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
