"""What a one-stop system or portal says of one transaction: read strictly, the faulty item named."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idp.errors import ReportRefused

MAX_TRANSACTIONS = 1000
MAX_AGE = 7 * 86400
# Clocks differ: so far in the future a transaction may be.
MAX_AHEAD = 60
CHANNELS = ("one-stop", "portal")
TIERS = ("province", "district", "commune")
ACR_VALUES = ("LoA1", "LoA2", "LoA3", "LoA4")

_MEMBERS = {"id", "service", "channel", "at", "authenticated", "sub", "acr", "tier"}
_SERVICE = re.compile(r"[A-Za-z0-9_.:/+-]{1,64}", re.ASCII)
# A personal number must not get into the evidence as a procedure's code.
_IDENTITY_NUMBER = re.compile(r"\+?[0-9]{9,12}", re.ASCII)
_SUB = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReportedTransaction:
    """``at``: Unix seconds. ``sub``: the person as the client knows them. "" for what was not said."""

    transaction_id: str
    service: str
    channel: str
    at: int
    authenticated: bool
    sub: str = ""
    acr: str = ""
    tier: str = ""


def faulty(index: int, what_vi: str, what_en: str) -> ReportRefused:
    """The refusal of a whole report for one item, counted from 0. Quotes nothing of it."""
    where = f"transactions[{index}]"
    return ReportRefused(f"{where}: {what_vi}", f"{where}: {what_en}", detail=f"{where}: {what_en}")


def read_transactions(body: dict[str, Any], now: int) -> list[ReportedTransaction]:
    """Raises ReportRefused: all of a report is good, or none of it is taken."""
    items = body.get("transactions")
    if body.keys() != {"transactions"} or not isinstance(items, list):
        raise ReportRefused(
            "Thân yêu cầu là một đối tượng với danh sách transactions.",
            "The body is an object with the list transactions.",
            detail="transactions",
        )
    if not 1 <= len(items) <= MAX_TRANSACTIONS:
        raise ReportRefused(
            f"Mỗi lần gửi 1 đến {MAX_TRANSACTIONS} giao dịch.",
            f"Send 1 to {MAX_TRANSACTIONS} transactions a call.",
            detail="number of transactions",
        )
    return [_read(index, item, now) for index, item in enumerate(items)]


def _read(index: int, item: object, now: int) -> ReportedTransaction:
    if not isinstance(item, dict):
        raise faulty(index, "phải là một đối tượng.", "must be an object.")
    if item.keys() - _MEMBERS:
        raise faulty(index, "có thành phần lạ.", f"only these members: {', '.join(sorted(_MEMBERS))}.")
    transaction_id, service = item.get("id"), item.get("service")
    if not isinstance(transaction_id, str) or not 1 <= len(transaction_id) <= 64:
        raise faulty(index, "id là chuỗi 1 đến 64 ký tự.", "id is a string of 1 to 64 characters.")
    if not transaction_id.isprintable():
        raise faulty(index, "id chỉ gồm ký tự in được.", "id has printable characters only.")
    if not isinstance(service, str) or not _SERVICE.fullmatch(service) or _IDENTITY_NUMBER.fullmatch(service):
        raise faulty(
            index,
            "service là mã thủ tục, 1 đến 64 ký tự A-Z a-z 0-9 _ . : / + -, không phải số định danh.",
            "service is a procedure code, 1 to 64 of A-Z a-z 0-9 _ . : / + -, and no personal number.",
        )
    authenticated = item.get("authenticated")
    if type(authenticated) is not bool:
        raise faulty(index, "authenticated là true hoặc false.", "authenticated is true or false.")
    sub = item.get("sub", "")
    if "sub" in item and (not isinstance(sub, str) or not _SUB.fullmatch(sub)):
        raise faulty(index, "sub là sub của ID token.", "sub is the sub of the ID token.")
    return ReportedTransaction(
        transaction_id,
        service,
        _one_of(index, item, "channel", CHANNELS),
        _time(index, item.get("at"), now),
        authenticated,
        sub,
        _one_of(index, item, "acr", ACR_VALUES, optional=True),
        _one_of(index, item, "tier", TIERS, optional=True),
    )


def _one_of(
    index: int, item: dict[str, Any], name: str, values: tuple[str, ...], *, optional: bool = False
) -> str:
    if optional and name not in item:
        return ""
    value = item.get(name)
    if not isinstance(value, str) or value not in values:
        listed = ", ".join(values)
        raise faulty(index, f"{name} là một trong: {listed}.", f"{name} is one of: {listed}.")
    return value


def _time(index: int, value: object, now: int) -> int:
    at = value if type(value) is int else None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            # RFC 3339 has an offset always; without one nobody knows when it was.
            at = int(moment.timestamp()) if moment.tzinfo and "T" in value.upper() else None
        except (ValueError, OverflowError):
            at = None
    if at is None:
        raise faulty(
            index,
            "at theo RFC 3339 có múi giờ, hoặc giây Unix.",
            "at is RFC 3339 with offset, or Unix seconds.",
        )
    if at < now - MAX_AGE:
        raise faulty(index, "at đã quá 7 ngày.", "at is more than 7 days ago.")
    if at > now + MAX_AHEAD:
        raise faulty(index, "at ở tương lai.", "at is in the future.")
    return at
