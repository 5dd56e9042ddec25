"""Who can log in at the simulators. Their numbers are of a province code that was never given out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulatedPerson:
    """``level``: of the identity account (1 or 2). ``enterprise``: (code, name) for an enterprise's login."""

    key: str
    name: str
    number: str
    birthdate: str
    gender: str
    level: str
    enterprise: tuple[str, str] = ("", "")


PEOPLE = (
    SimulatedPerson("lan", "Nguyễn Thị Lan MẪU", "099185000001", "1985-02-01", "female", "2"),
    SimulatedPerson("hung", "Trần Văn Hùng MẪU", "099090000002", "1990-07-15", "male", "1"),
    SimulatedPerson(
        "cong-ty", "Lê Thị Mai MẪU", "099188000003", "1988-11-20", "female", "2",
        ("4000000001", "Công ty TNHH MẪU"),
    ),
    SimulatedPerson("vo-danh", "Người chưa định danh MẪU", "", "", "", ""),
)  # fmt: skip


def find(key: str) -> SimulatedPerson | None:
    return next((each for each in PEOPLE if each.key == key), None)
