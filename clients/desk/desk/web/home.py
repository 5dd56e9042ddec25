"""/: the desk itself."""

from flask import Blueprint, Response

from desk.web.pages import page
from desk.web.person import find_person


def home_pages() -> Blueprint:
    """Public: whoever is not logged in is told what this is."""
    blueprint = Blueprint("home", __name__)

    @blueprint.get("/")
    def home() -> Response:
        person = find_person()
        return page("home.html", person=person) if person else page("welcome.html")

    return blueprint
