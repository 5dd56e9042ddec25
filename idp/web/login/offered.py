"""The upstreams as the login page shows them."""

from flask_babel import get_locale

from idp.services import Services


def offered(services: Services) -> list[dict[str, object]]:
    """What the login page shows of each upstream; one that is down is named, not offered."""
    upstreams = services.login.upstreams
    vietnamese = str(get_locale()) == "vi"
    return [
        {
            "name": profile.name,
            "title": profile.title_vi if vietnamese else profile.title_en,
            "origin": profile.authorization_endpoint,
            "healthy": not upstreams.transactions.is_down(profile.name),
        }
        for profile in upstreams.profiles.values()
    ]
