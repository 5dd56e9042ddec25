"""GET /account/history, POST /account/history/disown: what was done as me, and "this was not me"."""

from flask import Blueprint, Response, abort, request
from flask_babel import get_locale

from idp.directory.factor import SUSPENDED
from idp.evidence.catalogue import CATALOGUE
from idp.login.account_factors import kinds_used, suspected
from idp.logout.end_session import DISOWNED
from idp.services import Services
from idp.store.evidence import Recorded, read_of_person
from idp.web.account.visit import AccountVisit, open_account

SHOWN = tuple(name for name, kind in CATALOGUE.items() if kind.shown)
# What a stranger can have done; the rest follows from these.
DISOWNABLE = frozenset(
    {"login.succeeded", "session.stepped_up", "factor.added", "factor.added_stronger", "factor.changed"}
)
_PAGE = 50


def history_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/account/history")
    def history() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        before = request.args.get("before", 0, type=int)
        found = _events(visit, before=before, limit=_PAGE + 1)
        vietnamese = str(get_locale()) == "vi"
        shown = [
            {
                "id": each.event_id,
                "at": each.event.at,
                "text": CATALOGUE[each.event.name].vi if vietnamese else CATALOGUE[each.event.name].en,
                "service": _name(services, each.event.client_id),
                "disownable": each.event.name in DISOWNABLE,
                "here": each.event.session_id == visit.session.session_id,
            }
            for each in found[:_PAGE]
        ]
        older = found[_PAGE - 1].event_id if len(found) > _PAGE else 0
        return visit.page("account/history.html", "history", events=shown, older=older)

    @blueprint.post("/account/history/disown")
    def disown() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        event_id = request.form.get("event_id", 0, type=int)
        found = [each for each in _events(visit, before=event_id + 1, limit=1) if each.event_id == event_id]
        if not found or found[0].event.name not in DISOWNABLE:
            abort(404)
        return _disown(visit, found[0])


def _disown(visit: AccountVisit, recorded: Recorded) -> Response:
    """Steps, so that the stranger is out before anything else happens:

    1. every other session ends, and every system hears of it; tokens that outlive sessions end as well
    2. the person proves who they are, unless they just did: a stolen session, which can end the others
       as well as the owner, must not take the owner's factors away
    3. the factors that the stranger used are suspended, or the factor that they added
    4. the evidence has it; the person is sent to change what they themselves need
    """
    services, person_id = visit.services, visit.person.person_id
    ended = services.end_session.all_of(
        person_id, reason=DISOWNED, now=visit.now, keep=visit.session.session_id
    )
    services.tokens.families.revoke_person(person_id, DISOWNED, visit.now)
    if not visit.is_fresh:
        return visit.prove_again("account.history", "disown_again")
    factors = services.factors.of_person(person_id)
    details = recorded.event.details
    added = details.get("factor_id", "")
    amr = tuple(details.get("amr", ()))
    taken = [each for each in factors if added and each.factor_id == added]
    taken += suspected(factors, disowned_amr=amr, own_amr=visit.session.amr)
    for factor in taken:
        if services.factors.change_state(factor.factor_id, person_id, SUSPENDED):
            visit.record("factor.changed", kind=factor.kind, factor_id=factor.factor_id, by="disowned")
    visit.record("login.disowned", sessions=len(ended))
    if "password" in kinds_used(amr):
        return visit.done(".factors", "disowned_password")
    return visit.done(".history", "disowned")


def _events(visit: AccountVisit, *, before: int, limit: int) -> list[Recorded]:
    visit.services.evidence.flush()
    with visit.services.database.reading() as connection:
        return list(read_of_person(connection, visit.person.person_id, SHOWN, before=before, limit=limit))


def _name(services: Services, client_id: str) -> str:
    client = services.clients.find_client(client_id) if client_id else None
    return client.name if client else ""
