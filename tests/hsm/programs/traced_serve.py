"""``python -m hsm serve``, with every SQL statement it runs written to the file that is named, one a line."""

import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from hsm.__main__ import main

with Path(sys.argv[1]).open("a", buffering=1) as trace:

    @event.listens_for(Engine, "connect")
    def _trace(connection: Any, _record: object) -> None:
        connection.set_trace_callback(lambda sql: trace.write(" ".join(sql.split()) + "\n"))

    status = main(["serve"])
sys.exit(status)
