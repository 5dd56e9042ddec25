"""What logging out is made of, put together by ``wiring/logout.py``."""

from collections.abc import Callable
from dataclasses import dataclass

from idp.logout.deliver import DeliverLogout
from idp.logout.end_session import EndSession
from idp.logout.handle_request import HandleLogout
from idp.logout.services_of import ServicesOfSession
from idp.store.delivery_board import DeliveryBoard
from idp.store.logout_deliveries import LogoutDeliveries
from idp.store.logout_requests import HeldLogoutRequests


@dataclass(frozen=True, slots=True)
class Logout:
    """``end_session`` is for everybody; the rest is for /logout, the worker and the delivery board."""

    end_session: EndSession
    handle: HandleLogout
    held_requests: HeldLogoutRequests
    services_of: ServicesOfSession
    deliveries: LogoutDeliveries
    deliver: DeliverLogout
    board: DeliveryBoard
    wake: Callable[[], None]
