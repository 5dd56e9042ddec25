"""Authorise a credential for hashes: an act over them, its approval, a SAD.

::

    1 the number of signatures and the hashes must agree with what the credential allows (check_wanted)
    2 write the act, or read the one that was approved: it must be over exactly these hashes
    3 the key process checks the approval and makes the grant; its handle is the SAD
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from hsm.client import (
    ActItem,
    ActMalformed,
    Approval,
    ApprovalRefused,
    Credential,
    CredentialNotUsable,
    Grant,
    GrantRefused,
    KeyProcess,
    PolicyRefused,
    SignAct,
    new_act_id,
    parse_sign_act,
)
from signsvc.usecases.csc_refusal import CscRefused, wrong_authentication

MAX_TITLE = 450  # what is left of 500 carries the number
UNTITLED = "Giá trị băm do hệ thống gửi đến (CSC)"
MAX_PIN = 64
OTP_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Wanted:
    """``hashes``: SHA-256 digests, in the client's order, repetitions and all. ``title``: for the signer.

    ``titles``: of each hash, where the client named them; then there are as many as hashes.
    """

    client_id: str
    credential: Credential
    signatures: int
    hashes: tuple[bytes, ...]
    title: str = ""
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CscAuthorize:
    """Raises CscRefused, ApprovalRefused, PolicyRefused and what the key process raises."""

    key_process: Callable[[], KeyProcess]
    lifetime: int

    def write_act(self, wanted: Wanted, *, now: datetime) -> bytes:
        """Step 2: the act as it would be approved; ``wanted`` has been checked."""
        moment = int(now.timestamp())
        facts = wanted.credential
        return SignAct(
            act_id=new_act_id(),
            client_id=wanted.client_id,
            credential_id=facts.credential_id,
            algorithm=facts.algorithm,
            items=tuple(_items(wanted)),
            issued_at=moment,
            expires_at=moment + self.seconds(facts),
        ).encode()

    def seconds(self, facts: Credential) -> int:
        """How long an act may stay open."""
        return min(self.lifetime, facts.max_act_seconds or self.lifetime)

    def by_pin_otp(self, wanted: Wanted, pin: str, otp: str, *, now: datetime) -> Grant:
        """Steps 2 and 3 by a person's PIN and one-time password."""
        evidence = orjson.dumps({"pin": pin, "otp": otp}).decode()
        return self._authorize(self.write_act(wanted, now=now), Approval("pin_otp", evidence))

    def by_client_jws(self, wanted: Wanted, token: str) -> Grant:
        """By the client's own JWS, which carries the act that it approved."""
        act = _payload(token)
        check_act(wanted, act)
        return self._authorize(act, Approval("client_jws", token))

    def by_passkey(self, wanted: Wanted, answer: str) -> Grant:
        """``answer``: JSON ``{"act": text, "response": AuthenticationResponseJSON}``."""
        try:
            match orjson.loads(answer):
                case {"act": str(act), "response": dict(response)}:
                    pass
                case _:
                    raise wrong_authentication("passkey: members")
        except ValueError as error:
            raise wrong_authentication("passkey: not JSON") from error
        check_act(wanted, act.encode())
        return self._authorize(act.encode(), Approval("passkey", orjson.dumps(response).decode()))

    def _authorize(self, act: bytes, approval: Approval) -> Grant:
        # 3
        try:
            return self.key_process().authorize(act, approval)
        except PolicyRefused as error:
            raise CscRefused(
                "The policy does not allow this",
                error="access_denied",
                status=403,
                detail=" ".join(error.rules),
            ) from error
        except CredentialNotUsable as error:
            raise CscRefused(
                "The credential identified by credentialID is disabled", detail=error.message
            ) from error
        except (GrantRefused, ActMalformed) as error:
            # An act that was used, has expired or was never one: the evidence is for nothing.
            raise wrong_authentication(error.message) from error


def check_wanted(wanted: Wanted) -> None:
    """Step 1. Raises CscRefused."""
    count, hashes, facts = wanted.signatures, wanted.hashes, wanted.credential
    if count > facts.max_signatures:
        raise CscRefused("Numbers of signatures is too high")
    if count < 1 or count < len(hashes) or (count > len(hashes) and not allows_open(facts)):
        raise CscRefused("Invalid value for parameter numSignatures")


def allows_open(facts: Credential) -> bool:
    """SCAL1: its key profile lists hashes that come after the approval."""
    return "open" in facts.contents


def check_act(wanted: Wanted, act: bytes) -> None:
    """Step 2 for an act that came with its approval: over exactly these hashes. Raises CscRefused."""
    try:
        parsed = parse_sign_act(act)
    except ActMalformed as error:
        raise wrong_authentication("the act is malformed") from error
    ours = (parsed.client_id, parsed.credential_id) == (wanted.client_id, wanted.credential.credential_id)
    # A prepared document is never authorised here: its signer has not been shown anything.
    kinds = {item.kind for item in parsed.items}
    digests = tuple(item.digest for item in parsed.items if item.kind == "dtbsr")
    same = digests == wanted.hashes and len(parsed.items) == wanted.signatures
    if not (ours and same and kinds <= {"dtbsr", "open"}):
        raise wrong_authentication("the act is not over what is asked for")


def check_pin_otp(pin: str, otp: str) -> None:
    """Their form only; whether they are right says the key process alone. Raises CscRefused."""
    if not 0 < len(pin) <= MAX_PIN:
        raise CscRefused("The PIN is invalid", error="invalid_pin")
    if not (otp.isascii() and otp.isdigit() and len(otp) == OTP_DIGITS):
        raise CscRefused("The OTP is invalid", error="invalid_otp")


def refused_approval(error: ApprovalRefused) -> CscRefused:
    """An approval that the key process refused."""
    return wrong_authentication(error.message)


def _items(wanted: Wanted) -> Sequence[ActItem]:
    title = _clean(wanted.title) or UNTITLED
    titles = [_clean(one) for one in wanted.titles] or [""] * len(wanted.hashes)
    named = [
        ActItem(digest, titles[position] or _numbered(title, position, wanted.signatures), "dtbsr")
        for position, digest in enumerate(wanted.hashes)
    ]
    left = range(len(named), wanted.signatures)
    return named + [ActItem(b"", _numbered(title, position, wanted.signatures), "open") for position in left]


def _clean(title: str) -> str:
    return "".join(letter for letter in title if letter.isprintable()).strip()[:MAX_TITLE]


def _numbered(title: str, position: int, of: int) -> str:
    return title if of == 1 else f"{title} ({position + 1}/{of})"


def _payload(token: str) -> bytes:
    """The payload of a compact JWS, unverified: the key process verifies it."""
    segments = token.split(".")
    try:
        return base64.urlsafe_b64decode(segments[1] + "=" * (-len(segments[1]) % 4))
    except (IndexError, ValueError, binascii.Error) as error:
        raise wrong_authentication("not a compact JWS") from error
