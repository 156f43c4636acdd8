"""A request has one idempotency key, of one form, or is refused."""

import pytest
from fastapi import Request

from puhui.api.idempotency import key_of
from puhui.kernel.refusals import Refusal


def request(*keys):
    return Request({"type": "http", "headers": [(b"idempotency-key", key) for key in keys]})


@pytest.mark.parametrize("key", [b"eight--8", b"a" * 128, b"A.b_c:d-9"])
def test_a_key_is_read(key):
    assert key_of(request(key)) == key.decode()


@pytest.mark.parametrize(
    "keys", [(), (b"",), (b"seven-7",), (b"a" * 129,), (b"with space",), (b"line-end\n",), (b"eight--8", b"eight--8")]
)
def test_none_two_and_what_is_no_key(keys):
    with pytest.raises(Refusal) as refused:
        key_of(request(*keys))
    assert refused.value.code == "IDEMPOTENCY_KEY_MISSING"
