"""Canonical JSON and leaves: what is written, byte for byte, and what is refused."""

import base64
import hashlib
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from puhui.kernel.refusals import Refusal
from puhui.proof.leaf import Leaf, Opening, canonical, commit, commitment
from puhui.proof.verify import decode_base64

CANONICAL = [
    (None, "null"),
    (True, "true"),
    (0, "0"),
    (-1, "-1"),
    (2**53 - 1, "9007199254740991"),
    (1 - 2**53, "-9007199254740991"),
    ("", '""'),
    ("普惠", '"普惠"'),
    ([], "[]"),
    ((1, [2, {}]), "[1,[2,{}]]"),
    ({"b": 1, "a": 2, "": 3, "B": 4}, '{"":3,"B":4,"a":2,"b":1}'),
    ({"a": {"d": 1, "c": 2}}, '{"a":{"c":2,"d":1}}'),
    # RFC 8785, 3.2.2.2: escapes; 3.2.3: keys in the order of UTF-16, so the face comes before the Hebrew letter.
    ('€$\x0f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
    ("\b\t\f\r\x1f\x7f\u2028", '"\\b\\t\\f\\r\\u001f\x7f\u2028"'),
    (
        {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7},
        '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    ),
]


@pytest.mark.parametrize(("value", "text"), CANONICAL)
def test_one_value_has_one_text(value, text):
    assert canonical(value).decode() == text


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1.0, "$: float"),
        ({"a": [1, {"b": 0.5}]}, "$.a[1].b: float"),
        (float("nan"), "$: float"),
        (2**53, "$: "),
        (-(2**53), "$: "),
        ("\ud800", "$: "),
        ({"\udc00": 1}, "$: "),
        ({1: 2}, "$: a key"),
        (date(2026, 1, 1), "$: date"),
        (b"x", "$: bytes"),
        ({1, 2}, "$: set"),
    ],
)
def test_what_has_no_one_text_is_refused(value, place):
    for call in (canonical, commit):
        with pytest.raises(Refusal, match="cannot be put into the proof") as refused:
            call(value)
        assert refused.value.code == "PROOF_VALUE"
        assert place in refused.value.message("en")


def leaf(**changes):
    given = {
        "kind": "repayment",
        "subject": "loan_a",
        "sequence": 3,
        "effective_on": date(2028, 2, 29),
        "recorded_at": datetime(2028, 3, 1, 0, 5, tzinfo=timezone(timedelta(hours=8))),
        "body": {"amount_minor": 430_000},
        "personal": {"name": bytes(32)},
    }
    return Leaf(**{**given, **changes})


def test_a_leaf_is_written_in_utc_with_keys_in_order():
    assert leaf().to_bytes().decode() == (
        '{"body":{"amount_minor":430000},"effective_on":"2028-02-29","kind":"repayment",'
        f'"personal":{{"name":"{"A" * 43}="}},"recorded_at":"2028-02-29T16:05:00.000000Z",'
        '"sequence":3,"subject":"loan_a"}'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"kind": ""},
        {"subject": ""},
        {"sequence": 0},
        {"recorded_at": datetime(2028, 3, 1)},  # noqa: DTZ001 - without a zone is what is refused
    ],
)
def test_a_leaf_without_its_parts_is_a_bug(change):
    with pytest.raises(AssertionError):
        leaf(**change)


def test_money_in_a_float_never_reaches_the_log():
    with pytest.raises(Refusal, match=r"leaf cannot be put .*amount_minor: float"):
        leaf(body={"amount_minor": 1.5}).to_bytes()


def test_a_commitment_is_the_hash_of_salt_and_canonical_text():
    salt = bytes(range(32))
    expected = hashlib.sha256(salt + '{"id":"410323","name":"张三"}'.encode()).digest()
    assert commit({"name": "张三", "id": "410323"}, salt) == (salt, expected)
    assert Opening(salt, {"id": "410323", "name": "张三"}).digest == expected


def test_fresh_salt_each_time_so_that_equal_values_do_not_show():
    (salt, digest), (other_salt, other_digest) = commit("张三"), commit("张三")
    assert len(salt) == len(digest) == 32
    assert salt != other_salt
    assert digest != other_digest
    assert commitment(salt, "张三") == digest
    with pytest.raises(AssertionError):
        commit("张三", salt[:31])


@pytest.mark.parametrize("text", ["AB==", "QQ", "QQ=", "QQ==\n", "Q Q==", "QQ==QQ==", "-_8=", "é", 1, None])
def test_bytes_have_one_base64_text(text):
    assert decode_base64("QQ==") == b"A"
    with pytest.raises(ValueError, match=r"base64|ASCII|padding|data|character"):
        decode_base64(text)


def test_base64_of_another_length_is_not_a_hash():
    assert decode_base64(base64.b64encode(bytes(32)).decode(), 32) == bytes(32)
    with pytest.raises(ValueError, match="length"):
        decode_base64(base64.b64encode(bytes(31)).decode(), 32)


def test_instants_differ_only_by_zone_or_not_at_all():
    assert leaf().to_bytes() == leaf(recorded_at=datetime(2028, 2, 29, 16, 5, tzinfo=UTC)).to_bytes()
