"""What a command needs of the service without running it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis

from idp.evidence.record import EvidenceRecorder
from idp.logout.end_session import EndSession
from idp.provisioning.leave import Leave
from idp.settings import Settings
from idp.store.clients import ClientDirectory
from idp.store.database import Database
from idp.store.people import People
from idp.store.refresh_families import RefreshFamilies
from idp.store.wake import Wake


@dataclass(frozen=True, slots=True)
class CommandActs:
    """``leave``: the very act that SCIM calls. ``end_session``, ``families``: what a changed factor ends."""

    leave: Leave
    end_session: EndSession
    families: RefreshFamilies
    evidence: EvidenceRecorder


@contextmanager
def acts_on_people(database: Database, settings: Settings, people: People) -> Iterator[CommandActs]:
    """At its end the evidence is written. Redis may be away: the worker finds the deliveries by itself."""
    evidence = EvidenceRecorder(database, lambda: int(time.time()))
    families = RefreshFamilies(
        database,
        people.sealing.index,
        absolute=settings.refresh_seconds,
        idle=settings.refresh_idle_seconds,
    )
    clients = ClientDirectory(database, settings.client_cache_seconds, time.monotonic)
    with redis.Redis.from_url(settings.redis_url, socket_connect_timeout=1, socket_timeout=1) as client:
        end_session = EndSession(database, clients.find_client, evidence, families, wake=Wake(client).ring)
        try:
            leave = Leave(people, end_session, evidence, families)
            yield CommandActs(leave, end_session, families, evidence)
        finally:
            evidence.close()
