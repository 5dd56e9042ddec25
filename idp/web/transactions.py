"""POST /transactions: a one-stop system or portal reports its transactions, for the indicators."""

from flask import Blueprint, Response, g, request

from idp.errors import ReportRefused
from idp.evidence.report_transactions import ReportTransactions
from idp.grants.resource_access import ResourceAccess
from idp.protocol.reported_transaction import read_transactions
from idp.services import Services
from idp.web.answer import json_answer
from idp.web.json_body import read_json_object
from idp.web.shown import shown_token

SCOPE = "transactions"
# A thousand transactions with every member.
MAX_REPORT_BYTES = 512 * 1024


def transactions_endpoint(
    services: Services, access: ResourceAccess, report: ReportTransactions
) -> Blueprint:
    """Authentication: an access token for the resource <issuer>/transactions, scope ``transactions``."""
    blueprint = Blueprint("transactions", __name__)

    @blueprint.post("/transactions")
    def transactions() -> Response:
        moment = services.clock()
        client = access.check(shown_token(request), scope=SCOPE, moment=moment)
        g.client_id = client.client_id
        request.max_content_length = MAX_REPORT_BYTES
        now = int(moment.timestamp())
        taken = report.report(client, read_transactions(read_json_object(request), now), now)
        return json_answer(200, {"recorded": taken.recorded, "repeated": taken.repeated})

    @blueprint.errorhandler(ReportRefused)
    def refused(error: ReportRefused) -> Response:
        g.error, g.error_detail = error.error, error.detail
        services.metrics.errors.labels(error.error).inc()
        body = {
            "error": error.error,
            "error_description": error.message,
            "error_description_vi": error.message_vi,
        }
        return json_answer(error.status_code, body)

    return blueprint
