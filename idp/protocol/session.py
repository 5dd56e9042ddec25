"""A login session at the provider: the person, how they proved who they are, and when."""

from dataclasses import dataclass

from idp.protocol.assurance import Authentication


@dataclass(frozen=True, slots=True)
class Session:
    """``session_id`` is the ``sid`` of tokens; it opens nothing, the cookie does. Times are Unix seconds.

    ``expires_at``: the absolute end, whatever is done meanwhile. ``device``, ``address_prefix``: as
    ``protocol/device.py`` makes them, for the person to recognise their own. ``ended_at``: 0 while it lives.
    """

    session_id: str
    person_id: str
    started_at: int
    last_seen_at: int
    expires_at: int
    acr: str
    amr: tuple[str, ...]
    auth_time: int
    identity_level: str
    upstream: str
    mandate_id: str
    device: str
    address_prefix: str
    kiosk: bool
    ended_at: int = 0
    end_reason: str = ""

    def authentication(self) -> Authentication:
        """What tokens of this session say."""
        return Authentication(
            person_id=self.person_id,
            session_id=self.session_id,
            auth_time=self.auth_time,
            acr=self.acr,
            amr=self.amr,
            identity_level=self.identity_level,
            upstream=self.upstream,
            mandate_id=self.mandate_id,
        )


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Seconds. ``idle``: without a visit to the provider. ``absolute``: from login on. Kiosk: a shared PC."""

    idle: int = 30 * 60
    absolute: int = 12 * 3600
    kiosk_idle: int = 5 * 60
    kiosk_absolute: int = 15 * 60

    def idle_of(self, *, kiosk: bool) -> int:
        return self.kiosk_idle if kiosk else self.idle

    def absolute_of(self, *, kiosk: bool) -> int:
        return self.kiosk_absolute if kiosk else self.absolute
