"""The gRPC servers of the trust line: one listener a caller, with the caller's own services.

On one host a caller is known by the socket it can open (its file's group), between hosts by its
client certificate. A caller's listener does not even register what is not for it.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2_grpc

from hsm.settings import Listener

MAX_MESSAGE = 32 * 1024 * 1024
SOCKET_MODE = 0o660

Register = Callable[[grpc.Server], None]


class _PeerName(grpc.ServerInterceptor):
    """Lets in only the client certificate whose common name is the caller's."""

    def __init__(self, peer_name: str) -> None:
        self._peer_name = peer_name.encode()

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = continuation(handler_call_details)
        if handler is None:
            return None

        def check(behaviour: Any) -> Any:
            def checked(request: Any, context: grpc.ServicerContext) -> Any:
                if self._peer_name not in context.auth_context().get("x509_common_name", ()):
                    context.abort(grpc.StatusCode.UNAUTHENTICATED, "This certificate is not the caller's.")
                return behaviour(request, context)

            return checked

        if handler.response_streaming:
            return handler._replace(unary_stream=check(handler.unary_stream))
        return handler._replace(unary_unary=check(handler.unary_unary))


def listen(
    listener: Listener,
    threads: int,
    health_servicer: health.HealthServicer,
    register: Register,
    *,
    watchers: Sequence[grpc.ServerInterceptor] = (),
) -> grpc.Server:
    """Start a server for one caller. Raises OSError or RuntimeError when the address is taken.

    ``watchers`` see every call, also one that is refused for its certificate.
    """
    interceptors = [*watchers, *([_PeerName(listener.peer_name)] if listener.tls else [])]
    server = grpc.server(
        ThreadPoolExecutor(max_workers=threads, thread_name_prefix="act"),
        interceptors=interceptors,
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE),
            ("grpc.max_send_message_length", MAX_MESSAGE),
            ("grpc.so_reuseport", 0),
        ],
        # More than this waiting is overload: refusing at once beats answering after the deadline.
        maximum_concurrent_rpcs=threads * 64,
    )
    register(server)
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    _bind(server, listener)
    server.start()
    return server


def _bind(server: grpc.Server, listener: Listener) -> None:
    if listener.tls:
        if not listener.peer_name:
            raise RuntimeError("a listener with TLS needs the caller's peer_name")
        credentials = grpc.ssl_server_credentials(
            [(listener.tls.key.read_bytes(), listener.tls.certificate.read_bytes())],
            root_certificates=listener.tls.authority.read_bytes(),
            require_client_auth=True,
        )
        server.add_secure_port(listener.address, credentials)
        return
    if not listener.address.startswith("unix:"):
        # Without TLS anybody on the network would be the caller.
        raise RuntimeError("a listener without TLS must be a unix socket")
    path = Path(listener.address.removeprefix("unix:"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    # The socket must never be open to others, not even between bind and chmod.
    before = os.umask(0o777 & ~SOCKET_MODE)
    try:
        server.add_insecure_port(listener.address)
    finally:
        os.umask(before)
