"""Who calls: a client, or a client with a person's token."""

from signsvc.usecases.csc_credentials import Bearer
from signsvc.web.caller import current_caller


def current_bearer() -> Bearer:
    """Raises LoginRefused."""
    caller = current_caller()
    return Bearer(caller.client_id, caller.subject if caller.subject != caller.client_id else "")
