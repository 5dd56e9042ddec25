"""Hand a person's proof to the key process, and say in plain words how it went."""

from dataclasses import dataclass

from hsm.client import Approval, ApprovalRefused, CredentialNotUsable, GrantRefused, PolicyRefused
from signsvc.errors import QuotaExceeded
from signsvc.services import Services
from signsvc.store.csc_authorizations import PendingAuthorization


@dataclass(frozen=True, slots=True)
class Refused:
    """What the person is told: nothing was signed, and what to do."""

    vi: str
    en: str
    status: int = 403


_WRONG = Refused(
    "Chưa phê duyệt được: bằng chứng không đúng cho yêu cầu này. Hãy thử lại.",
    "Not approved: the proof is not right for this request. Please try again.",
)
_WRONG_PIN = Refused(
    "Chưa phê duyệt được: PIN hoặc mã một lần không đúng, hoặc mã đã được dùng. Hãy đợi mã mới rồi nhập lại"
    " cả hai; sai nhiều lần thì PIN bị khóa.",
    "Not approved: the PIN or the one-time code is wrong, or the code was used before. Wait for a new code"
    " and type both again; after several wrong attempts the PIN is locked.",
)
_TOO_OFTEN = Refused(
    "Bạn đã thử sai nhiều lần. Hãy đợi vài phút rồi thử lại.",
    "Too many wrong attempts. Wait a few minutes and try again.",
    429,
)
_POLICY = Refused(
    "Chính sách sử dụng khóa không cho phép lần ký này. Hãy hỏi quản trị an ninh.",
    "The key policy does not allow this. Ask the security administrators.",
)
_UNUSABLE = Refused(
    "Chứng thư không dùng được lúc này (tạm dừng, hết hạn hoặc bị thu hồi).",
    "The credential cannot be used now (suspended, expired or revoked).",
    409,
)


_SPENT = Refused(
    "Yêu cầu này đã dùng hoặc đã hết hạn. Hãy quay lại hệ thống của bạn và bắt đầu lại.",
    "This request was used or has expired. Go back to your system and begin again.",
    409,
)


def approve_shown(
    services: Services, handle: str, pending: PendingAuthorization, act: bytes, approval: Approval
) -> Refused | None:
    """None when ``act``, made of what ``pending`` asks for, is approved.

    Whatever was wrong with a proof of one kind, the words are the same.
    """
    guessable = approval.kind == "pin_otp"
    try:
        # Before the key process looks, so that a guesser is slowed even where it cannot count.
        if guessable:
            services.limits.spend("pin-attempts", pending.credential_id)
        grant = services.key_process().authorize(act, approval)
    except QuotaExceeded:
        return _TOO_OFTEN
    except ApprovalRefused:
        return _WRONG_PIN if guessable else _WRONG
    except PolicyRefused:
        return _POLICY
    except CredentialNotUsable:
        return _UNUSABLE
    except GrantRefused:
        # The act was redeemed before: by this very person's other tab or second click, or it is too late.
        latest = services.csc_authorizations.find(handle, services.clock())
        return None if latest is not None and latest.state == "approved" else _SPENT
    if guessable:
        services.limits.forgive("pin-attempts", pending.credential_id)
    services.csc_authorizations.approve(handle, grant.sad, b"" if act == pending.act else act)
    return None
