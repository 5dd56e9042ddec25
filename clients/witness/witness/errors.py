"""Why the witness does not cosign.

::

    WitnessError
    ├── LogUnavailable      the log could not be read; ask again later
    ├── NoteInvalid         not a checkpoint of this log: form, origin or signature
    ├── LogDamaged          files are missing, truncated or rewritten: they do not lead to the root
    ├── LogWentBack         the checkpoint is older than the last one: rolled back, or a stale copy
    ├── LogMisbehaved       two signed checkpoints cannot both be true; both are kept as evidence
    ├── ClockWentBack       our own clock is behind our last cosignature
    └── FolderUnusable      our own key or memory cannot be read or written
"""


class WitnessError(Exception):
    """The root. Its text is for the operator."""


class LogUnavailable(WitnessError):
    """The log could not be read."""


class NoteInvalid(WitnessError):
    """Not a well-formed checkpoint, of another origin, or not signed by the log's key."""


class LogDamaged(WitnessError):
    """What is published does not lead to the signed root."""


class LogWentBack(WitnessError):
    """The checkpoint is older than the last one. By itself no proof: an old copy looks the same."""


class LogMisbehaved(WitnessError):
    """The log's key signed a checkpoint that contradicts an earlier one."""


class ClockWentBack(WitnessError):
    """A cosignature now would be dated before the last one."""


class FolderUnusable(WitnessError):
    """The witness's own folder: the key or the memory is missing, damaged or in use."""
