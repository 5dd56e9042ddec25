"""The approval page itself: who asks, with which key, and each document with its title and whole digest."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID
from flask import Response

from hsm.client import Credential, act_digest, parse_sign_act
from policies.local_time import VIETNAM
from signsvc.services import Services
from signsvc.store.csc_authorizations import PendingAuthorization
from signsvc.usecases.leave_out import choose
from signsvc.web.csc.approve_shown import Refused
from signsvc.web.pages import page_answer

# The office's own words for what an act does (Decree 30/2020/NĐ-CP).
OPERATION_WORDS = {
    "initial": {"vi": "Ký nháy", "en": "Initial"},
    "comment": {"vi": "Ghi ý kiến", "en": "Comment"},
    "sign": {"vi": "Ký chính", "en": "Sign"},
    "issue": {"vi": "Đóng dấu, ban hành", "en": "Seal and issue"},
    "annex": {"vi": "Đóng dấu phụ lục", "en": "Seal an annex"},
    "copy": {"vi": "Sao văn bản", "en": "Make a copy"},
    "incoming": {"vi": "Số hóa văn bản đến", "en": "Digitise an incoming document"},
}
GROUP = 100  # documents under one heading; with more than one, they are folded


def show_approval(
    services: Services,
    pending: PendingAuthorization,
    kept: Sequence[int] | None = None,
    refused: Refused | None = None,
) -> Response:
    """``kept``: positions of the documents that stay in; None: all of them."""
    facts = services.key_process().credential(pending.credential_id)
    act = parse_sign_act(pending.act)
    items = act.items
    chosen = frozenset(range(len(items)) if kept is None else kept)
    # Browsers check form-action on every redirect that follows the POST: through the identity provider to the
    # system that asked, whose address is not known here. Plain http in development alone.
    back = "https:" if pending.return_uri.startswith("https:") else "https: http:"
    return page_answer(
        "approval.html",
        refused.status if refused else 200,
        back,
        pending=pending,
        chosen=chosen,
        total=len(items),
        groups=[
            [(position, items[position]) for position in range(start, min(start + GROUP, len(items)))]
            for start in range(0, len(items), GROUP)
        ],
        digest=act_digest(choose(pending.act, sorted(chosen))).hex() if chosen else "",
        key=_describe_key(facts),
        by_passkey="passkey" in facts.proofs,
        by_pin="pin_otp" in facts.proofs,
        rp_id=urlsplit(services.settings.approval_base).hostname,
        expires=datetime.fromtimestamp(pending.expires_at, VIETNAM),
        refused=refused,
        operation=act.operation,
        operation_words=OPERATION_WORDS[act.operation.name] if act.operation else {},
    )


def _describe_key(facts: Credential) -> dict[str, str]:
    described = {"description": facts.description, "id": facts.credential_id}
    if facts.certificates:
        subject = x509.load_der_x509_certificate(facts.certificates[0]).subject
        for name, oid in (
            ("name", NameOID.COMMON_NAME),
            ("office", NameOID.ORGANIZATION_NAME),
            ("title", NameOID.TITLE),
        ):
            found = subject.get_attributes_for_oid(oid)
            described[name] = str(found[0].value) if found else ""
    return described
