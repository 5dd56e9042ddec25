"""Write a result so that its name appears only when the whole of it is there and checked."""

import io
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from antin.byte_ranges import find_range
from antin.errors import FileError, OutputExists


def check_output(output: Path, *, replace: bool, source: Path | None = None) -> None:
    """Refuse an output that is the input, exists without leave, or has no folder. Before any work."""
    if source is not None and output.exists() and output.samefile(source):
        raise FileError(
            f"{output} chính là tệp đầu vào; bản gốc không bị ghi đè. Chọn tên khác cho -o.",
            f"{output} is the input itself; the original is not overwritten. Choose another name for -o.",
        )
    if os.path.lexists(output) and not replace:
        raise _exists(output)
    if output.is_dir() or not output.parent.is_dir():
        raise FileError(
            f"Không ghi được {output}: thư mục không có, hoặc tên là một thư mục.",
            f"Cannot write {output}: its folder is missing, or it is a folder itself.",
        )


class Delivery:
    """A context: write to ``file``, check, then ``keep``. Left without ``keep``, nothing remains.

    With ``output`` None the result stays in memory. Raises OutputExists, FileError.
    """

    def __init__(self, output: Path | None, *, replace: bool = False, source: Path | None = None) -> None:
        if output is not None:
            check_output(output, replace=replace, source=source)
        self._output = output
        self._replace = replace
        self._part: Path | None = None
        self.file: BinaryIO = io.BytesIO()

    def __enter__(self) -> Self:
        if self._output is not None:
            part = self._output.with_name(f".{self._output.name[:100]}.{secrets.token_hex(6)}.part")
            try:
                self.file = part.open("x+b")
            except OSError as error:
                raise _unwritable(self._output, error) from error
            self._part = part
        return self

    def write(self, chunk: bytes) -> None:
        """Add to the result."""
        try:
            self.file.write(chunk)
        except OSError as error:
            raise _unwritable(self._output, error) from error

    def restart(self) -> None:
        """Forget what was written."""
        self.file.seek(0)
        self.file.truncate()

    def covered(self, digest: bytes, *, at_least: int) -> bytes:
        """The digest itself, when a byte range that holds the first ``at_least`` bytes has it; else b""."""
        self.file.flush()
        written = self.file.getvalue() if isinstance(self.file, io.BytesIO) else self._part
        found = find_range(written, digest) if written is not None else None
        return digest if found is not None and found[1] >= at_least else b""

    def keep(self) -> bytes | None:
        """Give the result its name; without an output, its bytes."""
        if isinstance(self.file, io.BytesIO):
            return self.file.getvalue()
        if self._output is None or self._part is None:
            raise AssertionError("keep() belongs inside the context")
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            if self._replace:
                self._part.replace(self._output)
            else:
                _name(self._part, self._output)
            self._part = None
        except FileExistsError as error:
            raise _exists(self._output) from error
        except OSError as error:
            raise _unwritable(self._output, error) from error
        return None

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.file.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)


def _name(part: Path, output: Path) -> None:
    """link() fails where the name has appeared meanwhile; a rename would destroy that file."""
    try:
        os.link(part, output)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: the best left is to look just before.
        if os.path.lexists(output):
            raise FileExistsError(output) from None
        part.rename(output)
    else:
        part.unlink()


def _exists(output: Path) -> OutputExists:
    return OutputExists(
        f"{output} đã có. Chọn tên khác, hoặc thêm --force để ghi đè.",
        f"{output} exists. Choose another name, or add --force to replace it.",
    )


def _unwritable(output: Path | None, error: OSError) -> FileError:
    return FileError(
        f"Không ghi được {output}: {error.strerror}.", f"Cannot write {output}: {error.strerror}."
    )
