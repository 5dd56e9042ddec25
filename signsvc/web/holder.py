"""Who shows a token: a token bound to a key (RFC 7800 ``cnf``) opens nothing without that key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from signsvc.errors import LoginRefused
from signsvc.store.spent_proofs import SpentProofs
from signsvc.web.bearer import Claims
from signsvc.web.dpop import AHEAD_SECONDS, BEHIND_SECONDS, Asked, check_proof, refused_proof

# Until the proof is too old, wherever in its time it came.
KEPT_SECONDS = AHEAD_SECONDS + BEHIND_SECONDS + 1


@dataclass(frozen=True, slots=True)
class Holders:
    """``origin``: the public address of this service. ``now``: Unix seconds."""

    origin: str
    spent: Callable[[], SpentProofs]
    now: Callable[[], float]

    def check(
        self, claims: Claims, scheme: str, *, token: str, proofs: Sequence[str], method: str, path: str
    ) -> None:
        """``scheme``: bearer or dpop, lower case. A plain token shown as such costs nothing here.

        Raises LoginRefused, ProofStoreUnavailable.
        """
        # 1 TLS ends at the gateway and no certificate comes here, so nothing can be compared with this one.
        if claims.x5t:
            raise LoginRefused(
                "Mã truy cập này gắn với chứng thư TLS, dịch vụ này chưa nhận; hãy xin mã gắn với khóa DPoP.",
                "This access token is bound to a TLS certificate, which is not taken here; "
                "get one bound to a DPoP key.",
                detail="cnf x5t#S256",
            )
        # 2 RFC 9449 §7.1: a bound token is no bearer token, and an unbound one proves nothing by a proof.
        if (scheme == "dpop") != bool(claims.jkt):
            raise _other_scheme(bound=bool(claims.jkt))
        if not claims.jkt:
            return
        # 3 the proof, by the token's key
        proof = check_proof(proofs, Asked(method, self.origin, path, token), jkt=claims.jkt, now=self.now())
        # 4 once: the key is part of the name, so that nobody spends another's jti
        if not self.spent().spend(f"{proof.jkt}\0{proof.jti}", KEPT_SECONDS):
            raise refused_proof("jti used")


def _other_scheme(*, bound: bool) -> LoginRefused:
    if bound:
        return LoginRefused(
            "Mã truy cập này gắn với khóa: gửi Authorization: DPoP … kèm header DPoP (RFC 9449).",
            "This access token is bound to a key: send Authorization: DPoP … with a DPoP header (RFC 9449).",
            detail="bound token as bearer",
            scheme="DPoP",
        )
    return LoginRefused(
        "Mã truy cập này không gắn với khóa: gửi Authorization: Bearer ….",
        "This access token is not bound to a key: send Authorization: Bearer ….",
        detail="plain token as DPoP",
    )
