"""``python -m desk serve | migrate``. Settings: ``DESK_*``, described in ``settings.py``."""

import argparse

from desk.schema.migrate import migrate
from desk.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("desk", description="Bàn ký số. The desk where officials sign.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="chạy bàn ký số / run the desk")
    commands.add_parser("migrate", help="tạo hoặc nâng cấp cơ sở dữ liệu / make or upgrade the database")
    options = parser.parse_args(arguments)
    if options.command == "migrate":
        migrate(Settings().database_url)
        print("Cơ sở dữ liệu đã ở phiên bản mới nhất. The database is at the newest version.")
        return 0
    # The server's code is no use to other commands.
    from desk.serve import serve  # noqa: PLC0415

    serve(Settings())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
