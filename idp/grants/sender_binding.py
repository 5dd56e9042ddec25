"""Sender-constrained tokens: verify what a request shows of its keys, and demand it where it is due."""

import hmac
from collections.abc import Callable, Sequence
from urllib.parse import quote, urlsplit

from idp.errors import InvalidDpopProof, InvalidRequest, UseDpopNonce
from idp.grants.form_request import FormRequest
from idp.protocol.client import Client
from idp.protocol.client_certificate import certificate_thumbprint
from idp.protocol.confirmation import Confirmation
from idp.protocol.dpop import AHEAD_SECONDS, BEHIND_SECONDS, check_proof
from idp.store.single_use import SingleUse

NONCE_SECONDS = 120


class DpopProofs:
    """Verify proofs anywhere: token endpoint, pushed requests, resources.

    ``index``: a keyed hash, the same in every replica (store/sealing.py). ``ask_nonce``: whether proofs need
    a nonce of ours (RFC 9449 §8), which ends any use of proofs that were made in advance.
    """

    def __init__(
        self, issuer: str, single_use: SingleUse, index: Callable[[str], str], *, ask_nonce: bool = False
    ) -> None:
        parts = urlsplit(issuer)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._single_use = single_use
        self._index = index
        self._ask_nonce = ask_nonce

    def verify(
        self, headers: Sequence[str], *, method: str, path: str, now: float, access_token: str = ""
    ) -> str:
        """The key's thumbprint, and the proof is spent; "" when no proof came along.

        Raises InvalidDpopProof, UseDpopNonce, ReplayStoreUnavailable.
        """
        if not headers:
            return ""
        proof = check_proof(
            headers,
            method=method,
            # The path is decoded: what it has of ? and # belongs to it, and begins no query.
            htu=f"{self._origin}{quote(path, safe='/~-._')}",
            now=now,
            access_token=access_token,
        )
        if self._ask_nonce and not self._is_ours(proof.nonce, now):
            raise UseDpopNonce(self.nonce(now))
        # Until it is too old: the key is part of it, so that nobody spends another's jti.
        kept = AHEAD_SECONDS + BEHIND_SECONDS + 1
        if not self._single_use.spend("dpop", f"{proof.jkt}\0{proof.jti}", kept):
            raise InvalidDpopProof("The proof was used before: make one with a new jti.", detail="jti used")
        return proof.jkt

    def nonce(self, now: float) -> str:
        """The nonce of this moment; the one before it is taken as well."""
        return self._nonce_of(int(now) // NONCE_SECONDS)

    def _is_ours(self, nonce: str, now: float) -> bool:
        slot = int(now) // NONCE_SECONDS
        given = nonce.encode(errors="surrogatepass")
        return any(hmac.compare_digest(given, self._nonce_of(each).encode()) for each in (slot, slot - 1))

    def _nonce_of(self, slot: int) -> str:
        return self._index(f"dpop nonce\0{slot}")[:43]


def confirm_sender(proofs: DpopProofs, request: FormRequest, client: Client, *, person: bool) -> Confirmation:
    """What the token of this request will be bound to. ``person``: whether it speaks for one.

    FAPI 2.0 §5.3.2.1: a person's token is bound to a key, unless the client is an exception (baseline); a
    public client's always is. Raises InvalidDpopProof, InvalidRequest.
    """
    form, metadata = request.strict_form, client.metadata
    jkt = proofs.verify(form.proofs, method="POST", path=form.path, now=form.now.timestamp())
    x5t = ""
    if metadata.tls_client_certificate_bound_access_tokens:
        if not form.certificate:
            raise InvalidRequest(
                "This client's tokens are bound to its TLS certificate.", detail="no certificate"
            )
        x5t = certificate_thumbprint(form.certificate)
    strict = person and not client.is_baseline(request.moment)
    if not jkt and (metadata.dpop_bound_access_tokens or client.is_public or (strict and not x5t)):
        raise InvalidDpopProof(
            "This client's tokens are bound to a key: send a DPoP proof.", detail="no proof"
        )
    return Confirmation(jkt, x5t)
