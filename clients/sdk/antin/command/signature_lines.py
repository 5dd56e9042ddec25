"""One signature's verdict as a person reads it: the seven things of Circular 15/2025/TT-BKHCN, Article 6."""

from collections.abc import Mapping
from typing import Any

_TIMES = {"proven": "có dấu thời gian / proven", "claimed": "người ký khai / claimed"}
_INTEGRITY = {
    "intact": "nguyên vẹn / intact",
    "broken": "đã bị sửa / broken",
    "unknown": "chưa xác định / unknown",
}
_VALIDITY = {
    "valid": "có hiệu lực / valid",
    "invalid": "không có hiệu lực / not valid",
    "unknown": "chưa xác định / unknown",
}


def signature_lines(signature: Mapping[str, Any], indent: str) -> list[str]:
    """Lines without a newline. What the service did not say is left out."""
    signer, certificate = _object(signature, "signer"), _object(signature, "certificate")
    facts = (
        ("Người ký / signer", signer.get("name")),
        ("Cơ quan quản lý / managing unit", signer.get("managing_unit")),
        ("CA cấp / issuing CA", certificate.get("issuer_name")),
        ("Thời điểm ký / signing time", _time(signature)),
        ("Toàn vẹn / integrity", _INTEGRITY.get(str(signature.get("integrity")))),
        ("Hiệu lực lúc ký / validity then", _VALIDITY.get(str(signature.get("validity_at_signing")))),
        ("Hạn chứng thư / certificate", _validity(certificate)),
        ("Mức / level", signature.get("level")),
        ("Chứng thư MẪU / training certificate", "có / yes" if signature.get("training") else None),
    )
    lines = [f"{indent}{label}: {value}" for label, value in facts if value]
    lines += reasons(signature, indent)
    lines += reasons(signature, indent, "warnings")
    lines += [f"{indent}{_change(change)}" for change in _objects(signature, "later_changes")]
    return lines


def reasons(members: Mapping[str, Any], indent: str, name: str = "reasons") -> list[str]:
    """Each reason or warning as one line, Vietnamese first."""
    return [f"{indent}- {_message(one)}" for one in _objects(members, name)]


def _change(change: Mapping[str, Any]) -> str:
    allowed = "được phép / allowed" if change.get("allowed") else "KHÔNG được phép / NOT allowed"
    return f"+ sau đó / later: {_message(change)} ({allowed})"


def _time(signature: Mapping[str, Any]) -> str | None:
    time = _object(signature, "signing_time")
    kind = _TIMES.get(str(time.get("kind")))
    return f"{time['value']} ({kind})" if kind and time.get("value") else None


def _validity(certificate: Mapping[str, Any]) -> str | None:
    start, end = certificate.get("not_before"), certificate.get("not_after")
    return f"{start} – {end}" if start and end else None


def _message(one: Mapping[str, Any]) -> str:
    return " / ".join(str(one[name]) for name in ("message", "message_en") if one.get(name))


def _object(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = members.get(name)
    return found if isinstance(found, dict) else {}


def _objects(members: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = members.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
