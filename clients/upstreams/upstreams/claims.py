"""What each of the systems calls what it knows of a person."""

import hashlib
from typing import Any

from upstreams.people import SimulatedPerson


def subject_of(system: str, person: SimulatedPerson) -> str:
    return hashlib.sha256(f"{system}:{person.key}".encode()).hexdigest()[:24]


def claims_of(system: str, person: SimulatedPerson, fault: str) -> dict[str, Any]:
    number = "" if fault == "no_number" else "12345" if fault == "bad_number" else person.number
    subject = "somebody-else" if fault == "other_sub" else subject_of(system, person)
    if system == "vneid":
        return {
            "sub": subject,
            "full_name": person.name,
            "citizen_pid": number,
            "date_of_birth": person.birthdate,
            "gender": person.gender,
            "level": person.level,
        }
    year, _, rest = person.birthdate.partition("-")
    month, _, day = rest.partition("-")
    code, enterprise = person.enterprise
    return {
        "sub": subject,
        "TechID": subject_of(system, person),
        "LoaiTaiKhoan": "2" if code else "1",
        "HoVaTen": person.name,
        "SoDinhDanh": number,
        "NgaySinh": f"{day}/{month}/{year}" if year else "",
        "GioiTinh": {"male": "1", "female": "2"}.get(person.gender, ""),
        "MaSoDoanhNghiep": code,
        "TenDoanhNghiep": enterprise,
        "MucDoDinhDanh": person.level,
        "ThuDienTu": "mau@example.vn",
    }
