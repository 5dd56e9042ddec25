"""How often somebody may guess: counters in Redis, taken before a guess, given back when it was right.

Layers, each counted over fixed windows (the first and the last are login.gov's):

============================  =========================================================================
5 a minute                    one account from one address
50 a minute                   one address, whatever the accounts: an office is behind it, many at a time
30 an hour                    one account from anywhere
3,000 a minute                everybody together: a spray over many addresses
10 a minute, 30 an hour       one account on a device that logged in to it before: instead of all of these
10 in 10 minutes, 30 a day    second factors of one account; the same again on a known device
============================  =========================================================================

An address of IPv6 counts as its /64, which one line has whole.

Right guesses cost nothing, so an office behind one address may log in all at once. Nobody is locked out
by others: their own devices have a budget of their own, and passkeys and certificates have none, since
there is nothing to guess. When Redis is away nobody guesses: every method raises ReplayStoreUnavailable.
"""

import ipaddress
from dataclasses import dataclass

import redis

from idp.errors import ReplayStoreUnavailable, TooManyRequests


@dataclass(frozen=True, slots=True)
class Layer:
    name: str
    amount: int
    seconds: int


PAIR = Layer("pair", 5, 60)
ADDRESS = Layer("address", 50, 60)
ACCOUNT = Layer("account", 30, 3600)
EVERYBODY = Layer("everybody", 3000, 60)
DEVICE = Layer("device", 10, 60)
DEVICE_HOUR = Layer("device_hour", 30, 3600)
SECOND = Layer("second", 10, 600)
# Three of a million passwords are right at a time: whoever knows the first factor has one chance in ten
# thousand a day, instead of one in two hundred.
SECOND_DAY = Layer("second_day", 30, 86400)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was counted for one guess."""

    keys: tuple[str, ...]


# A counter that is gone is not made again: it would begin below nothing, and give away a guess.
_GIVE_BACK = """
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then redis.call('DECR', key) end
end
"""


class LoginBudgets:
    """``account``, ``device``: anything that names them, best a digest; ``address``: of the client."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._give_back = client.register_script(_GIVE_BACK)

    def take(self, account: str, address: str, *, device: str, now: int) -> Taken:
        """Before a password is looked at. Raises TooManyRequests with the seconds to wait."""
        if device:
            known = f"{account}:{device}"
            return self._take([(DEVICE, known), (DEVICE_HOUR, known)], now)
        network = _network(address)
        return self._take(
            [
                (PAIR, f"{account}:{network}"),
                (ADDRESS, network),
                (ACCOUNT, account),
                (EVERYBODY, ""),
            ],
            now,
        )

    def take_second(self, account: str, *, device: str, now: int) -> Taken:
        """Before a one-time password or a recovery code is looked at."""
        whom = f"{account}:{device}"
        return self._take([(SECOND, whom), (SECOND_DAY, whom)], now)

    def give_back(self, taken: Taken) -> None:
        """The guess was right. The counters end when they would have: nobody gets a fresh window by it."""
        try:
            self._give_back(keys=list(taken.keys))
        except redis.RedisError as error:
            raise ReplayStoreUnavailable(detail=f"redis: {type(error).__name__}") from error

    def _take(self, counted: list[tuple[Layer, str]], now: int) -> Taken:
        keys, waits = [], []
        pipeline = self._redis.pipeline(transaction=False)
        for layer, whom in counted:
            started = now - now % layer.seconds
            key = f"idp:login:{layer.name}:{whom}:{started}"
            keys.append(key)
            waits.append(started + layer.seconds - now)
            pipeline.incr(key)
            pipeline.expire(key, layer.seconds + 1)
        try:
            counts = pipeline.execute()[::2]
        except redis.RedisError as error:
            raise ReplayStoreUnavailable(detail=f"redis: {type(error).__name__}") from error
        over = [
            (wait, layer.name)
            for (layer, _), count, wait in zip(counted, counts, waits, strict=True)
            if count > layer.amount
        ]
        if over:
            wait, name = max(over)
            raise TooManyRequests(detail=f"login budget: {name}", retry_after=max(1, wait))
        return Taken(tuple(keys))


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4 or parsed.ipv4_mapped is not None:
        return address
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False))
