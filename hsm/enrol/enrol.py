"""Enrolment from end to end: the key is made in the token, its request goes out, the chain comes back.

    python -m hsm enrol --profile service-seal --holder one-stop --description "…" \\
        --subject '{"CN": "…", "O": "…", "C": "VN"}' --authority devca … --key a.jwk --key b.jwk

A person approves that their key is made: the act is drafted first (``python -m hsm act``), the person
approves it with their passkey, and ``--act FILE --approval FILE`` take the place of the parameters.

With ``--authority manual`` the request is written to a folder for the authority's portal; the same
command with ``--credential ID`` looks for the answer there and activates.

A renewal goes the same way: ``python -m hsm renew ID …``, and with ``--collect`` for a manual answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hsm.enrol.authority import Authority, Issued, Pending

Perform = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """``state``: active, or pending with what a person must do next."""

    credential_id: str
    state: str
    csr: str
    next_step: str = ""
    next_step_en: str = ""


def start(perform: Perform, authority: Authority, parameters: dict[str, Any]) -> Enrolment:
    """Make the key and ask for its certificate. ``perform`` does approved acts. Raises HsmError."""
    created = perform("create_credential", parameters)
    credential_id, csr = created["credential_id"], created["csr"]
    answer = authority.request(csr, parameters["profile"], reference=credential_id)
    return _go_on(perform, credential_id, csr, answer)


def finish(perform: Perform, authority: Authority, credential_id: str, csr: str) -> Enrolment:
    """Look for the authority's answer, and activate when it is there. Raises HsmError."""
    return _go_on(perform, credential_id, csr, authority.collect(csr, reference=credential_id))


def start_renewal(
    perform: Perform, authority: Authority, profile: str, parameters: dict[str, Any]
) -> Enrolment:
    """Ask for a certificate that follows the credential's present one. Raises HsmError.

    ``parameters``: those of the act ``renew_credential``.
    """
    asked = perform("renew_credential", parameters)
    credential_id, csr = asked["credential_id"], asked["csr"]
    answer = authority.request(csr, profile, reference=renewal_reference(credential_id, csr))
    return _go_on(perform, credential_id, csr, answer, action="activate_renewal")


def finish_renewal(perform: Perform, authority: Authority, credential_id: str, csr: str) -> Enrolment:
    """Look for the authority's answer to a renewal, and activate it. Raises HsmError."""
    answer = authority.collect(csr, reference=renewal_reference(credential_id, csr))
    return _go_on(perform, credential_id, csr, answer, action="activate_renewal")


def renewal_reference(credential_id: str, csr: str) -> str:
    """Each renewal has a reference of its own, beside that of the enrolment."""
    return f"{credential_id}-{hashlib.sha256(csr.encode()).hexdigest()[:12]}"


def _go_on(
    perform: Perform,
    credential_id: str,
    csr: str,
    answer: Issued | Pending,
    *,
    action: str = "activate_credential",
) -> Enrolment:
    if isinstance(answer, Pending):
        return Enrolment(credential_id, "pending", csr, answer.next_step, answer.next_step_en)
    perform(action, {"credential_id": credential_id, "chain": list(answer.chain)})
    return Enrolment(credential_id, "active", csr)
