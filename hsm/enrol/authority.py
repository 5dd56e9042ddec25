"""What an authority does for us: an adapter per authority follows this."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.enrol.csr import request_spki
from hsm.enrol.errors import RequestRefused
from hsm.enrol.order import order_chain

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class Issued:
    """``chain``: PEM, the signer's certificate first, each issued by the next. Not checked for trust."""

    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """A person has to act, or the authority needs time. ``next_step`` says, in two languages, what to do."""

    reference: str
    next_step: str
    next_step_en: str


class Authority(Protocol):
    """``reference``: ours, unique per request, usually the credential's id: letters, digits, - and _.

    ``profile``: the name of the credential's key profile. Raises EnrolmentError.
    """

    def request(self, csr_pem: str, profile: str, *, reference: str) -> Pending | Issued:
        """Ask for a certificate. Asking again with the same request and reference is harmless."""

    def collect(self, csr_pem: str, *, reference: str) -> Pending | Issued:
        """Look whether a pending request was answered."""


def check_reference(reference: str) -> None:
    """Raises RequestRefused: a reference becomes a file's name, so it may not lead anywhere else."""
    if not _REFERENCE.fullmatch(reference):
        raise RequestRefused("A reference has 1 to 100 letters, digits, - and _, and begins with neither.")


def issued(certificates: Sequence[x509.Certificate], csr_pem: str) -> Issued:
    """What an authority returned, in order for this request's key. Raises ChainForeign, RequestRefused."""
    ordered = order_chain(certificates, request_spki(csr_pem))
    return Issued(tuple(each.public_bytes(Encoding.PEM).decode("ascii") for each in ordered))
