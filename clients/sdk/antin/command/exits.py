"""Exit codes: what a script can rely on.

====  ================================================================================
0     done; ``verify``: valid
1     ``verify``: invalid; ``receipt verify``, ``journal verify``: does not verify
2     ``verify``: indeterminate
3     the command line, the configuration or a key file is wrong
4     the service does not answer, is busy, or the signature is not finished: try again later
5     the service refused: login, permission or document
6     what came back cannot be trusted: nothing was approved, or nothing was kept
7     a local file cannot be read or written, or the output exists
70    an error in `antin` itself
130   interrupted
====  ================================================================================
"""

from antin.errors import (
    AntinError,
    ConfigError,
    FileError,
    NetworkError,
    NotFinished,
    ProofError,
    ServiceError,
    ServiceUnavailable,
)

VALID, INVALID, INDETERMINATE = 0, 1, 2
USAGE, LATER, REFUSED, UNTRUSTED, FILES, INTERNAL, INTERRUPTED = 3, 4, 5, 6, 7, 70, 130

# The first that fits counts: a subclass stands before its root.
_CODES: tuple[tuple[type[AntinError], int], ...] = (
    (ConfigError, USAGE),
    (FileError, FILES),
    (NetworkError, LATER),
    (NotFinished, LATER),
    (ServiceUnavailable, LATER),
    (ServiceError, REFUSED),
    (ProofError, UNTRUSTED),
)


def exit_code(error: AntinError) -> int:
    """The exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL)
