"""What can be wrong with the journal, its checkpoints and its proofs.

::

    JournalError (hsm.errors)
    ├── JournalConflict       another writer was faster, or an append was adopted out of turn
    ├── JournalDamaged        what is stored contradicts the stored head
    ├── JournalRolledBack     the log does not contain a checkpoint that was signed before
    ├── NoSuchEntry           the index or size is beyond the log
    ├── CheckpointInvalid     not a checkpoint of this log: form, origin or signature
    ├── ProofInvalid          an inclusion or consistency proof, or a receipt, proves nothing
    ├── AnchorInvalid         a time-stamp is not of this checkpoint, or not by a trusted authority
    ├── AnchorUnavailable     no time-stamping authority gave a valid answer; ask again later
    └── ClockBehind           the host's clock is earlier than the newest entry
"""

from hsm.errors import JournalError


class JournalConflict(JournalError):
    """Another writer moved the head first: nothing was written. Reload, then try again."""


class JournalDamaged(JournalError):
    """Stored entries, tiles and head do not fit together: somebody changed them."""


class JournalRolledBack(JournalError):
    """The log does not contain what was signed before: going on would sign a fork."""


class NoSuchEntry(JournalError):
    """The index or the size asked for is beyond the log."""


class CheckpointInvalid(JournalError):
    """Not a well-formed checkpoint, not of this log, or not signed by its key."""


class ProofInvalid(JournalError):
    """The proof does not lead from the leaf (or the old root) to the root."""


class AnchorInvalid(JournalError):
    """The time-stamp is not of this checkpoint, or not by an authority that is trusted."""


class AnchorUnavailable(JournalError):
    """No time-stamping authority gave a valid answer."""


class ClockBehind(JournalError):
    """The host's clock is earlier than the journal's newest entry: acts wait until it is set right."""
