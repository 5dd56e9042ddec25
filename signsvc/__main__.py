"""``python -m signsvc migrate | serve | worker``. Exit codes: 0 done, 1 not available, 2 wrong settings."""

import argparse
import signal
import sys
import threading
from types import FrameType

from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from signsvc.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser("python -m signsvc", description="Dịch vụ ký số. Signing service.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="tạo hoặc nâng cấp cơ sở dữ liệu / make or upgrade the database")
    commands.add_parser("serve", help="chạy dịch vụ / run the service")
    commands.add_parser("worker", help="chạy tiến trình nền / run the background worker")
    options = parser.parse_args(arguments)
    try:
        settings = Settings()
        return {"migrate": _migrate, "serve": _serve, "worker": _work}[options.command](settings)
    except ValidationError as error:
        print(f"Cấu hình SIGNSVC_* có lỗi:\nThe SIGNSVC_* settings are wrong:\n{error}", file=sys.stderr)
    except ValueError as error:
        print(f"Cấu hình có lỗi. The settings are wrong: {error}", file=sys.stderr)
    return 2


def _migrate(settings: Settings) -> int:
    from signsvc.schema.migrate import migrate  # noqa: PLC0415 -- Alembic is of no use to the others

    try:
        migrate(settings.database_url)
    except (SQLAlchemyError, CommandError) as error:
        print(f"Không nâng cấp được cơ sở dữ liệu. The database was not upgraded: {error}", file=sys.stderr)
        return 1
    print("Cơ sở dữ liệu đã ở phiên bản mới nhất. The database is at the newest version.")
    return 0


def _serve(settings: Settings) -> int:
    from signsvc.serve import serve  # noqa: PLC0415 -- it sets what the metrics library reads at import

    serve(settings)
    return 0


def _work(settings: Settings) -> int:
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    from signsvc.app import build_services  # noqa: PLC0415
    from signsvc.web.request_log import configure_logs, new_logger  # noqa: PLC0415
    from signsvc.worker import Worker  # noqa: PLC0415

    configure_logs()
    services = build_services(settings)
    services.files.prepare()
    try:
        Worker(services, new_logger(sys.stdout.buffer)).run(stop)
    finally:
        services.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
