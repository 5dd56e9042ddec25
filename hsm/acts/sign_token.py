"""Sign a token of the identity provider: the same steps, where the caller itself is the approval.

The identity provider may have any token of its own issuer signed (it is the one that knows who
logged in), and nothing else: a JWS signing input is text with a dot in it and can never be CMS
attributes, and token keys sign tokens only.
"""

import base64
import binascii
import hashlib
from datetime import datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hsm.acts import entries
from hsm.acts.ask_policy import Policy
from hsm.acts.asked import asked
from hsm.acts.directory import Directory, KnownCredential, token_jwk, token_kid
from hsm.acts.ledger import Ledger
from hsm.acts.sign import UseKey
from hsm.acts.verify_signature import verify_signature
from hsm.algorithms import SignatureAlgorithm
from hsm.errors import ActMalformed, CredentialNotUsable, PolicyRefused
from policies.model import ActionName, Circumstances, Principal, PrincipalKind, Question

MAX_SIGNING_INPUT = 64 * 1024
# An outcome has no row that waits for it: it shares the transaction of the next token's intent, if one comes.
OUTCOME_LINGER_SECONDS = 0.5
IDP = Principal(PrincipalKind.SERVICE, "idp")
_TYPES = frozenset({"at+jwt", "JWT", "logout+jwt", "token-introspection+jwt", "oauth-authz-resp+jwt"})


class TokenSigning:
    """Signs for the identity provider. Thread-safe. ``issuer``: the only ``iss`` it may use."""

    def __init__(
        self, *, directory: Directory, policy: Policy, ledger: Ledger, use_key: UseKey, issuer: str
    ) -> None:
        self._directory = directory
        self._policy = policy
        self._ledger = ledger
        self._use_key = use_key
        self._issuer = issuer

    def published_keys(self) -> list[tuple[dict[str, Any], bool]]:
        """Public JWKs with ``kid``, ``alg``, ``use``, and whether new tokens are signed with each.

        ``created`` keys are announced and ``suspended`` ones retired from signing: both stay
        published so that relying parties' caches and living tokens keep working.
        """
        published = []
        newest: dict[str, str] = {}
        for known in self._directory.token_credentials():
            if known.stored.state == "active":
                newest[known.algorithm] = known.stored.credential_id
        for known in self._directory.token_credentials():
            if known.stored.state in ("created", "active", "suspended"):
                key = token_jwk(known)
                jwk = {**key.as_dict(private=False), "kid": token_kid(known), "use": "sig"}
                jwk["alg"] = str(known.algorithm)
                published.append((jwk, newest.get(known.algorithm) == known.stored.credential_id))
        return published

    def sign(self, kid: str, signing_input: bytes, *, now: datetime) -> bytes:
        """The JWS signature (RFC 7515 §5.1; ES256 as r||s) of ``signing_input``. Raises HsmError."""
        # 1. Find the key: a token credential, active.
        known = self._find(kid)
        # 2. Check that the input is a token of our issuer, made for this key.
        typ = self._check_input(signing_input, kid, known.algorithm)
        # 3. Ask the policy.
        question = Question(
            IDP,
            ActionName.SIGN_TOKEN,
            self._policy.facts(known),
            Circumstances(now=now, approval="trust_line", content="token"),
        )
        decision = self._policy.decide(question)
        if not decision.allowed:
            raise PolicyRefused("The policy does not allow this.", rules=decision.rules)
        digest = hashlib.sha256(signing_input).digest()
        moment = int(now.timestamp())
        # 4, 5. Nothing to reserve; journal the intent.
        entered = self._ledger.enter(
            [
                entries.token_intent(
                    now=moment,
                    credential_id=known.stored.credential_id,
                    kid=kid,
                    algorithm=known.algorithm,
                    typ=typ,
                    to_be_signed=digest,
                    rules=decision.rules,
                    policy=decision.policy,
                    asked=asked(question),
                )
            ]
        )
        try:
            # 6. Use the key.
            [value] = self._use_key(known, [digest])
            # 7. Verify before it leaves.
            verify_signature(known.public_key, known.algorithm, value, digest)
        except Exception as error:
            self._ledger.enter_later(
                entries.failed(now=moment, indexes=[entered.first_index], reason=type(error).__name__)
            )
            raise
        # 8. Journal the outcome.
        self._ledger.enter_later(
            entries.succeeded(now=moment, signatures=[(entered.first_index, value)]),
            linger=OUTCOME_LINGER_SECONDS,
        )
        return _jws_signature(known.algorithm, value)

    def _find(self, kid: str) -> KnownCredential:
        for known in self._directory.token_credentials():
            if token_kid(known) == kid:
                if known.stored.state != "active":
                    raise CredentialNotUsable(f"The token key is {known.stored.state}.")
                return known
        raise CredentialNotUsable("There is no such token key.", detail=kid[:80])

    def _check_input(self, signing_input: bytes, kid: str, algorithm: SignatureAlgorithm) -> str:
        if len(signing_input) > MAX_SIGNING_INPUT:
            raise ActMalformed("The token is too large.")
        parts = signing_input.split(b".")
        if len(parts) != 2:
            raise ActMalformed("A JWS signing input has two parts.")
        header, claims = _json(parts[0]), _json(parts[1])
        typ = header.get("typ")
        if header.get("kid") != kid or header.get("alg") != algorithm or typ not in _TYPES:
            raise ActMalformed("The token's header does not fit the key.", detail=str(header)[:200])
        if claims.get("iss") != self._issuer:
            raise ActMalformed("The token's issuer is not ours.", detail=str(claims.get("iss"))[:200])
        return str(typ)


def _json(part: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (ValueError, binascii.Error) as error:
        raise ActMalformed("The token is not base64url JSON.") from error
    if not isinstance(value, dict):
        raise ActMalformed("The token is not a JSON object.")
    return value


def _jws_signature(algorithm: SignatureAlgorithm, value: bytes) -> bytes:
    if algorithm is not SignatureAlgorithm.ES256:
        return value
    r, s = decode_dss_signature(value)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")
