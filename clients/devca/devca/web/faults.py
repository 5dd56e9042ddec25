"""Turn faults on and off. Registered only with ``--misbehave``."""

from flask import Blueprint, request

from devca.misbehaviour import GOOD, Misbehaviour, Switch
from devca.web.issuance import check_secret


def blueprint(switch: Switch, secret: str) -> Blueprint:
    routes = Blueprint("faults", __name__)

    @routes.put("/misbehave")
    def misbehave() -> dict[str, object]:
        check_secret(secret)
        wanted = Misbehaviour.model_validate_json(request.get_data())
        switch.set(wanted)
        return wanted.model_dump(mode="json")

    @routes.delete("/misbehave")
    def behave() -> tuple[str, int]:
        check_secret(secret)
        switch.set(GOOD)
        return "", 204

    return routes
