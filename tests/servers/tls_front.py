"""TLS in front of a service that speaks plain HTTP on loopback, as the gateway does in production.

Bytes are passed on as they are, so the service sees exactly what the client sent.
"""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CHUNK = 64 * 1024


class TlsFront:
    """``url`` answers with TLS and passes on to ``127.0.0.1:port``. ``trust`` verifies it."""

    def __init__(self, folder: Path, listener: socket.socket, port: int) -> None:
        self._port = port
        self.url = f"https://localhost:{listener.getsockname()[1]}"
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = folder / "front.pem"
        key = folder / "front.key"
        _self_signed(self.certificate, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, key)
        self.trust = ssl.create_default_context(cafile=str(self.certificate))
        # One loop in one thread: an SSL object must not be read and written by two.
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._serve, sock=listener, ssl=context)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)

    def close(self) -> None:
        """Stop; connections that are open end with it."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for writer in self._open:
            writer.transport.abort()
        # A transport says that it is closed in the loop's next turns.
        for _ in range(3):
            await asyncio.sleep(0)

    async def _serve(self, outer_in: asyncio.StreamReader, outer_out: asyncio.StreamWriter) -> None:
        writers = {outer_out}
        self._open |= writers
        try:
            inner_in, inner_out = await asyncio.open_connection("127.0.0.1", self._port)
            writers.add(inner_out)
            self._open.add(inner_out)
            await asyncio.gather(_pass_on(outer_in, inner_out), _pass_on(inner_in, outer_out))
        except (OSError, asyncio.CancelledError):
            pass  # no service there, a side hung up, or close(): the client sees a closed connection
        finally:
            for writer in writers:
                writer.close()


def listen() -> socket.socket:
    """A listening socket on a free port, so that the address is known before anything is served."""
    # asyncio sets TCP_NODELAY only where the protocol is named: without it each answer comes 40 ms later.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK):
        target.write(chunk)
        await target.drain()
    # One direction ended: so does the connection, as HTTP/1.1 has no half-open exchanges.
    target.close()


def _self_signed(certificate: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost MAU")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
