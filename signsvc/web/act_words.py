"""Administrative acts in words: what is done, and what each parameter means. Vietnamese, then English.

Whatever has no words here is shown under its own name: nothing of an act is left out of the page.
"""

from datetime import datetime
from typing import Any

import orjson

from hsm.client import AdminAct
from policies.local_time import VIETNAM

Words = tuple[str, str]

_DEEDS: dict[str, Words] = {
    "create_credential": ("Tạo khóa ký cho bạn", "Make a signing key in your name"),
    "move_credential": ("Chuyển khóa ký sang đơn vị khác", "Move a signing key to another office"),
    "hand_over_seal": ("Bàn giao con dấu", "Hand over a seal"),
    "link_administrator": (
        "Nhận bạn là quản trị viên: khóa truy cập của bạn phê duyệt việc quản trị",
        "Make you an administrator: your passkeys approve administrative acts",
    ),
    "activate_policy": ("Đưa chính sách mới vào hiệu lực", "Bring a new policy into force"),
    "give_mandate": ("Giao ký thay", "Give a mandate to sign"),
    "suspend_holder": ("Tạm dừng mọi khóa của một người hoặc hệ thống", "Suspend all keys of a holder"),
    "invite_passkey": ("Tạo khóa truy cập để phê duyệt ký số", "Make a passkey that approves signing"),
}

_NAMES: dict[str, Words] = {
    "credential_id": ("Khóa ký", "Signing key"),
    "profile": ("Loại khóa", "Key profile"),
    "holder": ("Người giữ khóa", "Holder"),
    "holder_kind": ("Người giữ là", "Kind of holder"),
    "description": ("Mô tả", "Description"),
    "subject": ("Tên trên chứng thư", "Subject of the certificate"),
    "training": ("Khóa MẪU để tập huấn", "For training"),
    "office": ("Đơn vị", "Office"),
    "custodian": ("Người giữ con dấu", "Custodian"),
    "receiver": ("Người nhận", "Receiver"),
    "record": ("Biên bản", "Record"),
    "absence": ("Lý do người giao vắng mặt", "Why the giver is absent"),
    "admin_id": ("Quản trị viên", "Administrator"),
    "person_id": ("Mã người trong tiến trình khóa", "Person, as the key process knows them"),
    "version": ("Phiên bản", "Version"),
    "bundle": ("Mã băm chính sách mới", "Digest of the new policy"),
    "previous": ("Mã băm chính sách bị thay", "Digest of the policy it replaces"),
    "note": ("Lý do", "Why"),
    "form": ("Hình thức ký", "Form"),
    "from_post": ("Chức vụ người giao", "Post of who gives it"),
    "from_mandate": ("Theo việc giao ký", "Under the mandate"),
    "to_post": ("Chức vụ người nhận", "Post of who receives it"),
    "capacity": ("Thẩm quyền ghi trên văn bản", "Capacity, as documents say it"),
    "operations": ("Được làm", "For"),
    "document_kinds": ("Loại văn bản", "Kinds of documents"),
    "written": ("Văn bản giao", "Written in"),
    "starts_at": ("Từ", "From"),
    "ends_at": ("Đến hết", "Until"),
}


def deed(act: AdminAct) -> Words:
    """What is done."""
    return _DEEDS.get(act.action, (act.action, act.action))


def particulars(act: AdminAct, key: str = "") -> list[tuple[Words, str]]:
    """Every parameter with its name and value, in the order of the words above, then the rest.

    ``key``: the act's credential as people know it.
    """
    given = act.parameters | ({"credential_id": key} if key else {})
    known = [name for name in _NAMES if name in act.parameters]
    rest = sorted(act.parameters.keys() - _NAMES.keys())
    return [(_NAMES.get(name, (name, "")), _value(name, given[name])) for name in (*known, *rest)]


def _value(name: str, value: Any) -> str:
    if name in ("starts_at", "ends_at") and type(value) is int and 0 <= value < 2**35:
        return datetime.fromtimestamp(value, VIETNAM).strftime("%H:%M %d/%m/%Y")
    if isinstance(value, bool):
        return "có / yes" if value else "không / no"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return ", ".join(f"{key}={one}" for key, one in value.items())
    return orjson.dumps(value).decode()
