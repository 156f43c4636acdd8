"""The headers that every answer has, unless the route sets its own."""

REQUEST_ID = b"x-request-id"

SAFETY = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


def completed(given: list[tuple[bytes, bytes]], request_id: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with those that it lacks."""
    own = {name.lower() for name, _ in given}
    return given + [each for each in ((REQUEST_ID, request_id), *SAFETY) if each[0] not in own]
