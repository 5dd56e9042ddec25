"""Understand an authorization request, wherever its parameters stand: query, form, request object, PAR."""

from collections.abc import Callable
from dataclasses import dataclass

from idp.errors import IdpError, TemporarilyUnavailable
from idp.protocol.authorize import read_authorization_request
from idp.protocol.authorize.asked import Asked, FindKey, Parameters
from idp.protocol.authorize.destination import read_destination
from idp.protocol.authorize.errors import (
    INVALID_REQUEST,
    INVALID_REQUEST_URI,
    REQUEST_URI_NOT_SUPPORTED,
    AuthorizationRefused,
    NotRedirectable,
    RefusedAt,
)
from idp.protocol.authorize.request import AuthorizationRequest
from idp.protocol.authorize.request_object import verify_request_object
from idp.protocol.client import Client
from idp.store.pushed import PREFIX, PushedRequests

MAX_CLIENT_ID = 200


@dataclass(frozen=True, slots=True)
class Understood:
    """``spends``: the single-use thing that an answer spends, "" when there is none."""

    request: AuthorizationRequest
    client: Client
    spends: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """What a client showed of its keys when it pushed: RFC 7638 and RFC 8705 thumbprints, or ""."""

    proof_jkt: str = ""
    certificate: str = ""


class AuthorizationRequests:
    """One for each app. Raises, besides what is said below, StoreUnavailable and its like."""

    def __init__(
        self,
        issuer: str,
        find_client: Callable[[str], Client | None],
        find_key: FindKey,
        pushed: PushedRequests,
    ) -> None:
        self._issuer = issuer
        self._find_client = find_client
        self._find_key = find_key
        self._pushed = pushed

    def read(self, parameters: Parameters, now: int) -> Understood:
        """A request at the authorization endpoint.

        Raises RefusedAt once the address is known to be the client's, NotRedirectable before.
        """
        client = self.get_client(parameters)
        if {"request", "request_uri"} & parameters.repeated:
            raise NotRedirectable("parameter_repeated", "request or request_uri is repeated.")
        request_uri, compact = parameters.get("request_uri"), parameters.get("request")
        if request_uri.startswith(PREFIX) and not compact:
            return self._read_pushed(client, request_uri)
        if not request_uri and not compact:
            return Understood(self._follow_rules(parameters, client, now), client)
        try:
            if request_uri and compact:
                raise AuthorizationRefused(INVALID_REQUEST, "Send request or request_uri, not both.")
            if request_uri:
                raise AuthorizationRefused(
                    REQUEST_URI_NOT_SUPPORTED, "request_uri must come from the pushed authorization endpoint."
                )
            signed, jti = verify_request_object(compact, client, self._issuer, now)
        except AuthorizationRefused as refusal:
            # Nothing signed is known: the address beside it will do, if it is a registered one.
            raise RefusedAt(read_destination(parameters, client), refusal) from refusal
        request = self._follow_rules(signed, client, now, signed=True)
        return Understood(request, client, f"request object {client.client_id} {jti}" if jti else "")

    def push(self, parameters: Parameters, client: Client, sender: Sender, now: int) -> tuple[str, int]:
        """RFC 9126 §2: ``request_uri`` and seconds, for a client that proved who it is.

        Every rule is applied now, so a fault is told to the program that made it, not to a person later.
        Raises NotRedirectable, AuthorizationRefused and the other errors of the rules.
        """
        if "request_uri" in parameters.values or "request_uri" in parameters.repeated:
            raise AuthorizationRefused(INVALID_REQUEST, "request_uri cannot be pushed (RFC 9126 2.1).")
        signed = bool(parameters.get("request"))
        if signed:
            parameters, _ = verify_request_object(parameters.get("request"), client, self._issuer, now)
        try:
            request = self._follow_rules(parameters, client, now, signed=signed, sender=sender)
        except RefusedAt as refusal:
            raise AuthorizationRefused(refusal.error, refusal.message, detail=refusal.detail) from refusal
        return self._pushed.push(request)

    def get_client(self, parameters: Parameters) -> Client:
        """The active client that the request names. Raises NotRedirectable."""
        client_id = parameters.get("client_id")
        if "client_id" in parameters.repeated:
            raise NotRedirectable("parameter_repeated", "client_id is repeated.")
        if not client_id:
            raise NotRedirectable("client_id_missing", "The parameter client_id is missing.")
        known = len(client_id) <= MAX_CLIENT_ID and client_id.isascii() and client_id.isprintable()
        client = self._find_client(client_id) if known else None
        if client is None:
            raise NotRedirectable("client_unknown", "This client_id is not registered here.")
        if not client.active:
            raise NotRedirectable("client_disabled", "This client is disabled.")
        return client

    def _read_pushed(self, client: Client, request_uri: str) -> Understood:
        request = self._pushed.find(request_uri)
        if request is None:
            owed = self._pushed.find_owed(request_uri)
            if owed is None or owed.client_id != client.client_id:
                raise NotRedirectable(
                    "request_uri_unknown",
                    "request_uri is not known here, or not any more.",
                    error=INVALID_REQUEST_URI,
                )
            raise RefusedAt(
                owed,
                AuthorizationRefused(INVALID_REQUEST_URI, "request_uri has expired or was used: push anew."),
            )
        if request.client_id != client.client_id:
            raise NotRedirectable(
                "request_uri_unknown", "request_uri belongs to another client.", error=INVALID_REQUEST_URI
            )
        return Understood(request, client, request_uri)

    def _follow_rules(
        self,
        parameters: Parameters,
        client: Client,
        now: int,
        *,
        signed: bool = False,
        sender: Sender | None = None,
    ) -> AuthorizationRequest:
        destination = read_destination(parameters, client)
        asked = Asked(
            parameters=parameters,
            client=client,
            issuer=self._issuer,
            now=now,
            find_key=self._find_key,
            pushed=sender is not None,
            signed=signed,
            proof_jkt=sender.proof_jkt if sender else "",
            certificate=sender.certificate if sender else "",
        )
        try:
            return read_authorization_request(asked, destination)
        except TemporarilyUnavailable:
            raise
        except IdpError as refusal:
            raise RefusedAt(destination, refusal) from refusal
