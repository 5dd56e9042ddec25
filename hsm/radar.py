"""The expiry radar: whose certificate ends soon, while there is time to renew it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from hsm.database import Database
from hsm.life import Expiring, count_expiring, find_expiring
from hsm.metrics import CERTIFICATES_EXPIRING

# Days before the end at which people are told; 0: it is over.
HORIZONS = (0, 7, 30, 90)


@dataclass(frozen=True, slots=True)
class Blip:
    """A credential whose certificate ends within ``horizon`` days; ``days`` are left, below zero: it has."""

    horizon: int
    days: int
    credential: Expiring


def scan(database: Database, now: datetime, *, horizon: int = HORIZONS[-1]) -> list[Blip]:
    """What ends within ``horizon`` days, the first to end first. Raises StoreUnavailable."""
    with database.reading() as connection:
        found = find_expiring(connection, int((now + timedelta(days=horizon)).timestamp()))
    return [_blip(one, now, horizon) for one in found]


def measure(database: Database, now: datetime) -> None:
    """Set the metric, for each horizon. Raises StoreUnavailable."""
    with database.reading() as connection:
        for days in HORIZONS:
            count = count_expiring(connection, int((now + timedelta(days=days)).timestamp()))
            CERTIFICATES_EXPIRING.labels(str(days)).set(count)


def as_data(blips: Iterable[Blip]) -> list[dict[str, object]]:
    """For ``--json``. Times are ISO 8601, UTC."""
    return [
        {
            **asdict(blip.credential),
            "not_after": _end(blip).isoformat(),
            "days": blip.days,
            "within": blip.horizon,
        }
        for blip in blips
    ]


def as_text(blips: Iterable[Blip]) -> str:
    """A table for people, Vietnamese first."""
    lines = [
        f"{'còn / left':>11}  {'hết hạn / ends':<16} {'hồ sơ / profile':<22} {'chủ thể / holder':<28} "
        f"{'đơn vị / office':<20} chứng thư / credential"
    ]
    for blip in blips:
        one = blip.credential
        left = f"{blip.days} ngày" if blip.days >= 0 else "HẾT HẠN"
        lines.append(
            f"{left:>11}  {_end(blip):%Y-%m-%d %H:%M} {one.profile:<22} {one.holder:<28} {one.office:<20} "
            f"{one.credential_id}{' (tạm dừng)' if one.state == 'suspended' else ''}"
        )
    if len(lines) == 1:
        return "Không chứng thư nào sắp hết hạn / no certificate ends soon.\n"
    return "\n".join(lines) + "\n"


def _blip(one: Expiring, now: datetime, horizon: int) -> Blip:
    left = one.not_after - now.timestamp()
    days = int(left // 86400)
    within = next((limit for limit in HORIZONS if left < limit * 86400), horizon)
    return Blip(within, days, one)


def _end(blip: Blip) -> datetime:
    return datetime.fromtimestamp(blip.credential.not_after, UTC)
