"""The PAdES baseline levels (ETSI EN 319 142-1 §6)."""

from enum import StrEnum


class Level(StrEnum):
    """Each level contains the one before it.

    B-B: a signature. B-T: with a signature time-stamp. B-LT: with the revocation data of all chains in
    the document. B-LTA: with a document time-stamp over all of it.
    """

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"

    @property
    def timestamped(self) -> bool:
        """Does the CMS carry a signature time-stamp?"""
        return self is not Level.B_B

    @property
    def long_term(self) -> bool:
        """Does the document carry revocation data?"""
        return self in (Level.B_LT, Level.B_LTA)
