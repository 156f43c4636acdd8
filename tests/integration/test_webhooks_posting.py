"""One POST to a real receiver: what it takes, what it does not follow, and that it always ends."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from puhui.adapters.addresses import Target, read_networks, target_of
from puhui.adapters.posting import SNIPPET_BYTES, post
from receiver import receiver, status

LOOPBACK = read_networks("127.0.0.0/8")
HEADERS = {"Content-Type": "application/json"}


def send(there, seconds=2):
    return post(target_of(there.url + "?a=b", LOOPBACK), b'{"n":1}', HEADERS, seconds)


def test_a_message_arrives_whole():
    with receiver() as there:
        reply = send(there)
        (first, headers, body), *more = there.requests
    assert reply.accepted
    assert (reply.status, reply.snippet, reply.error) == (204, "", "")
    assert not more
    assert first == "POST /hook?a=b HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{there.port}"
    assert headers["content-type"] == "application/json"
    assert body == b'{"n":1}'


@pytest.mark.parametrize(("code", "accepted"), [(199, False), (200, True), (299, True), (300, False), (404, False)])
def test_only_2xx_is_accepted(code, accepted):
    with receiver() as there:
        there.reply = status(code)
        # 1xx is passed over by HTTP itself: the answer after it counts, and there is none.
        assert send(there).accepted is accepted


def test_a_redirect_is_not_followed():
    with receiver() as other, receiver() as there:
        there.reply = status(307, b"", f"Location: {other.url}")
        reply = send(there)
        assert (reply.status, reply.accepted) == (307, False)
        assert not other.requests


def test_of_a_long_answer_only_the_start_is_kept_and_it_is_printable():
    with receiver() as there:
        there.reply = status(500, b"\x00\x1b[2J no\r\n" + b"x" * 100_000)
        reply = send(there)
    assert reply.status == 500
    assert len(reply.snippet) <= SNIPPET_BYTES
    assert reply.snippet.startswith("  [2J no  xxx")


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    reply = post(Target(False, "127.0.0.1", port, "/", "127.0.0.1"), b"{}", HEADERS, 2)
    assert (reply.status, reply.accepted) == (0, False)
    assert "ConnectionRefusedError" in reply.error


def test_what_does_not_speak_http():
    with receiver() as there:
        there.reply = b"SSH-2.0-OpenSSH\r\n"
        reply = send(there)
    assert reply.status == 0
    assert "BadStatusLine" in reply.error


def test_an_answer_that_drips_is_cut_off():
    with receiver() as there:
        there.drip, there.reply = 0.1, status(200)
        started = time.monotonic()
        reply = send(there, 1)
        took = time.monotonic() - started
    assert not reply.accepted
    assert took < 2


def test_a_server_that_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        reply = post(Target(False, "127.0.0.1", listener.getsockname()[1], "/", "127.0.0.1"), b"{}", HEADERS, 1)
        assert time.monotonic() - started < 2
    assert not reply.accepted


# --- TLS: the checked address is called, the asked name is what the certificate must be for ---------


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """Return a server's context with a certificate for partner.example, and a client's that trusts its maker."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner.example")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("partner.example"), x509.IPAddress(ip_address("127.0.0.2"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(pem + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=pem.decode())
    return server, client


def test_the_certificate_must_be_for_the_asked_name(tls):
    server, client = tls
    with receiver(server) as there:
        right = Target(True, "partner.example", there.port, "/", "127.0.0.1")
        other = Target(True, "other.example", there.port, "/", "127.0.0.1")
        assert post(right, b"{}", HEADERS, 2, client).accepted
        assert there.requests[0][1]["host"] == f"partner.example:{there.port}"
        assert "SSLCertVerificationError" in post(other, b"{}", HEADERS, 2, client).error
        assert len(there.requests) == 1


def test_a_certificate_that_nobody_vouches_for(tls):
    with receiver(tls[0]) as there:
        reply = post(Target(True, "partner.example", there.port, "/", "127.0.0.1"), b"{}", HEADERS, 2)
    assert "SSLCertVerificationError" in reply.error


def test_a_handshake_that_never_ends_is_cut_off():
    with receiver() as there:
        there.drip, there.reply = 0.1, b"x" * 100
        started = time.monotonic()
        reply = post(Target(True, "partner.example", there.port, "/", "127.0.0.1"), b"{}", HEADERS, 1)
        assert time.monotonic() - started < 2
    assert not reply.accepted
