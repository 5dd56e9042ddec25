"""POST /account/factors/change: suspend, use again, or give up one of my factors."""

from flask import Blueprint, Response, abort, request

from idp.directory.factor import ACTIVE, RETIRED, SUSPENDED
from idp.login.account_factors import may_give_up
from idp.logout.end_session import FACTORS_CHANGED
from idp.services import Services
from idp.web.account.factors import factors_page
from idp.web.account.visit import open_account

_STATES = {"suspend": SUSPENDED, "activate": ACTIVE, "remove": RETIRED}


def change_factor_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/account/factors/change")
    def change_factor() -> Response:
        visit = open_account(services, fresh=True)
        if isinstance(visit, Response):
            return visit
        factor_id, state = request.form.get("factor_id", ""), _STATES.get(request.form.get("act", ""), "")
        found = services.factors.of_person(visit.person.person_id)
        factor = next((each for each in found if each.factor_id == factor_id), None)
        if factor is None or not state:
            abort(404)
        # What still waits anybody may take away who is logged in: it may be a stranger's.
        waits = visit.now < factor.usable_from
        if state == RETIRED and not waits and not visit.may_change_factors(suspended=True):
            reachable = visit.may_change_factors()
            return factors_page(visit, status=403, error="ask_administrator" if reachable else "strongest")
        counting = [each for each in found if visit.now >= each.usable_from]
        if state != ACTIVE and not may_give_up(visit.person, counting, factor_id):
            return factors_page(visit, status=400, error="last_factor")
        services.factors.change_state(factor_id, visit.person.person_id, state)
        event = "factor.removed" if state == RETIRED else "factor.changed"
        visit.record(event, kind=factor.kind, factor_id=factor_id, by="self")
        if state != ACTIVE:
            services.end_session.all_of(
                visit.person.person_id, reason=FACTORS_CHANGED, now=visit.now, keep=visit.session.session_id
            )
        return visit.done(".factors", f"factor_{state}")
