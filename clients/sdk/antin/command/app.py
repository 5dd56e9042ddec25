"""The command line put together, and the one place where an error becomes an exit code."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from antin.command import (
    configure,
    credentials,
    journal,
    keys,
    passkey,
    receipt,
    sign,
    timestamp,
    token,
    verify,
)
from antin.command.exits import INTERNAL, INTERRUPTED, USAGE, exit_code
from antin.command.options import Config
from antin.command.speak import fail
from antin.errors import AntinError, ConfigError

WIDTH = 100
PLAIN = {"help_option_names": ["-h", "--help"], "terminal_width": WIDTH}


class AntinGroup(TyperGroup):
    """Says every error in two languages and exits as ``antin.command.exits`` lists; no traceback."""

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **extra: Any
    ) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        extra.pop("standalone_mode", None)
        code = INTERNAL
        try:
            code = super().main(given, prog_name or "antin", standalone_mode=False, **extra) or 0
        except AntinError as error:
            code = exit_code(error)
            fail(error, code, as_json="--json" in given)
        except TyperException as error:
            code = USAGE
            if type(error).__name__ == "NoArgsIsHelpError":
                typer.echo(str(error), err=True)
            else:
                fail(_usage(error), code, as_json="--json" in given)
        except (KeyboardInterrupt, typer.Abort):
            code = INTERRUPTED
            typer.echo("\nĐã dừng / stopped.", err=True)
        except BrokenPipeError:
            # The reader of our output went away; there is nobody to tell.
            code = INTERNAL
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, a person gets a sentence
            fail(_internal(error), code, as_json="--json" in given)
        sys.exit(code)


app = typer.Typer(
    cls=AntinGroup,
    name="antin",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=PLAIN,
)


@app.callback()
def options(
    _context: typer.Context,
    config: Config = None,
    profile: Annotated[str, typer.Option("--profile", help="Hồ sơ trong cấu hình / profile to use.")] = "",
) -> None:
    """Ấn Tín: ký số và kiểm tra văn bản / sign documents and verify them.

    Mã thoát / exit codes: 0 xong, hợp lệ (done, valid); 1 không hợp lệ (invalid); 2 chưa kết luận
    (indeterminate); 3 sai lệnh, cấu hình (usage); 4 thử lại sau (try later); 5 bị từ chối (refused); 6
    không tin được (not to be trusted); 7 lỗi tệp (files).
    """


app.command("sign")(sign.sign)
app.command("verify", short_help="Kiểm tra chữ ký / verify signatures.")(verify.verify)
app.command("timestamp", short_help="Lấy dấu thời gian / get an RFC 3161 time-stamp.")(timestamp.timestamp)
app.command("credentials")(credentials.credentials)
app.command("token", short_help="In token cho curl / print a token for curl.")(token.token)
app.command("config")(configure.config)
app.add_typer(receipt.app, name="receipt")
app.add_typer(journal.app, name="journal")
app.add_typer(keys.app, name="keys")
app.add_typer(passkey.app, name="passkey")


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit."""
    app(arguments if arguments is not None else sys.argv[1:], prog_name="antin")


def _usage(error: TyperException) -> ConfigError:
    said = getattr(error, "format_message", lambda: str(error))()
    return ConfigError(f"Lệnh chưa đúng: {said} Xem: antin --help", f"{said} See: antin --help")


def _internal(error: Exception) -> AntinError:
    kind = type(error).__name__
    return AntinError(
        f"Lỗi trong chính antin ({kind}). Xin báo cho người phát triển.",
        f"An error in antin itself ({kind}). Please tell its developers.",
    )
