"""GET and POST /admin/passkey-invitations: vouch for a person who must enrol a passkey and cannot."""

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from idp.directory.person import ACTIVE, OFFICIAL, Person
from idp.evidence.event import Event
from idp.services import Services
from idp.store.passkey_invitations import LIVE_SECONDS, Invitation
from idp.web.account.visit import AccountVisit
from idp.web.admin.visit import open_admin
from idp.web.pages import page


def invitations_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/admin/passkey-invitations")
    def invitations() -> Response:
        visit = _open(services)
        return visit if isinstance(visit, Response) else _page()

    @blueprint.post("/admin/passkey-invitations")
    def invite() -> Response:
        visit = _open(services)
        if isinstance(visit, Response):
            return visit
        username = request.form.get("username", "")[:100]
        person = services.people.find_by_username(username) if username else None
        if person is None or person.state != ACTIVE or person.kind != OFFICIAL:
            return _page(status=400, error=gettext("Không có cán bộ đang hoạt động với tên đăng nhập này."))
        if person.person_id == visit.person.person_id:
            return _page(status=400, error=gettext("Không ai tự mời mình: hãy nhờ một quản trị viên khác."))
        vouched = Invitation(person.person_id, by=visit.person.person_id)
        # On the record before the link exists.
        services.evidence.record(
            Event(
                "factor.invited",
                visit.now,
                person_id=person.person_id,
                details={"expires_at": visit.now + LIVE_SECONDS, "by": visit.person.person_id},
            )
        )
        token = services.login.invitations.issue(vouched)
        path = url_for("login.invited", token=token)
        base = services.settings.issuer.removesuffix(request.script_root)
        return _page(person=person, link=f"{base}{path}")


def _open(services: Services) -> AccountVisit | Response:
    """An administrator who proved minutes ago who they are."""
    visit = open_admin(services)
    if isinstance(visit, Response) or visit.is_fresh:
        return visit
    return visit.prove_again("admin.invitations")


def _page(*, status: int = 200, error: str = "", person: Person | None = None, link: str = "") -> Response:
    return page(
        "admin/passkey_invitations.html",
        status=status,
        error=error,
        person=person,
        link=link,
        minutes=LIVE_SECONDS // 60,
    )
