"""Passwords, waits, tokens, keys and paces: each boundary on both sides."""

import hashlib
import string
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest

from puhui.kernel.refusals import Refusal
from puhui.people.account import ApiKey, Session, read_name
from puhui.people.backoff import Attempts, check_wait, standing, wait_after
from puhui.people.passwords import Hasher, check_password, common_passwords, normal
from puhui.people.rate import Bucket, Pace, ProcessBuckets, check_rate, network_of, take
from puhui.people.tokens import csrf_of, digest, new_key, new_token, read_key, same

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHEAP = Hasher(memory_kib=8, passes=1, lanes=1)

PASSWORDS = [
    ("correct horse", True),
    ("abcdefghijk", False),  # 11
    ("abcdefghijkx", True),  # 12
    ("x1y2z" * 25 + "abc", True),  # 128
    ("x1y2z" * 25 + "abcd", False),  # 129
    ("aaaabbbbcccc", False),  # 3 different
    ("aaabbbcccddd", False),  # 4 different
    ("aaabbbcccdde", True),  # 5 different
    ("AaAaBbBbCcDd", False),  # 4 different but for capitals
    ("Password1234", False),  # on the list, whatever the capitals
    ("Password12345x", True),
    ("普惠金融真的很好啊我喜欢", True),  # 12 characters
    ("ｐａｓｓｗｏｒｄ１２３４", False),  # full width of one on the list
    ("li.lei is very secret", False),  # has the name
    ("LI.LEI is very secret", False),
    ("lilei is very secret", True),
    ("correct\thorse battery", False),
    ("correct\x00horse battery", False),
    ("", False),
]


@pytest.mark.parametrize(("password", "good"), PASSWORDS)
def test_which_passwords_will_do(password, good):
    if good:
        check_password(password, "li.lei")
    else:
        with pytest.raises(Refusal) as refused:
            check_password(password, "li.lei")
        assert refused.value.code == "PASSWORD_WEAK"
        assert not password or password not in refused.value.message("zh") + refused.value.message("en")


def test_a_name_of_three_letters_may_stand_in_a_password():
    check_password("anna is not my name", "ann")
    with pytest.raises(Refusal):
        check_password("anna is not my name", "anna")


def test_the_list_of_common_passwords_is_one_that_could_be_asked_about():
    listed = common_passwords()
    assert len(listed) > 100
    assert all(word == normal(word).casefold() and len(word) >= 11 for word in listed)


def test_a_hash_tells_nothing_and_fits_only_its_password():
    kept = CHEAP.hash("correct horse battery")
    assert kept.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert kept != CHEAP.hash("correct horse battery")
    assert CHEAP.fits(kept, "correct horse battery")
    assert CHEAP.fits(kept, "ｃｏｒｒｅｃｔ horse battery")  # the same keys on another keyboard
    for wrong in ("correct horse batterY", "", "correct horse battery ", "x" * 200):
        assert not CHEAP.fits(kept, wrong)


def test_nobody_has_no_password_not_even_the_one_that_stands_in():
    for password in ("nobody has this password", "", "x" * 500):
        assert not CHEAP.fits("", password)
    assert not CHEAP.fits("not a hash", "not a hash")


def test_the_parameters_are_those_of_rfc_9106():
    hasher = Hasher()
    assert hasher.hash("correct horse battery").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hasher.is_outdated(CHEAP.hash("correct horse battery"))
    assert not CHEAP.is_outdated(CHEAP.hash("correct horse battery"))


def test_nobody_takes_as_long_as_somebody():
    hasher = Hasher(memory_kib=8192, passes=2, lanes=1)
    kept = hasher.hash("correct horse battery")
    hasher.fits("", "warm up")

    def best(against):
        times = []
        for _ in range(5):
            start = perf_counter()
            hasher.fits(against, "wrong password here")
            times.append(perf_counter() - start)
        return min(times)

    somebody, nobody = best(kept), best("")
    assert 0.5 < nobody / somebody < 2


@pytest.mark.parametrize(
    ("count", "seconds"),
    [(0, 0), (4, 0), (5, 4), (6, 8), (7, 16), (11, 256), (12, 512), (13, 900), (14, 900), (10**9, 900)],
)
def test_the_wait_doubles_from_the_fifth_attempt_to_fifteen_minutes(count, seconds):
    assert wait_after(count) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("count", "ago", "left"),
    [
        (4, timedelta(), None),
        (5, timedelta(), 4),
        (5, 3 * SECOND, 1),
        (5, 4 * SECOND - timedelta(microseconds=1), 1),
        (5, 4 * SECOND, None),
        (20, 899 * SECOND, 1),
        (20, 900 * SECOND, None),
        (20, timedelta(hours=24), None),
    ],
)
def test_one_waits_to_the_second(count, ago, left):
    attempts = Attempts(count, NOW - ago)
    if left is None:
        check_wait(attempts, NOW)
    else:
        with pytest.raises(Refusal) as refused:
            check_wait(attempts, NOW)
        assert (refused.value.status, refused.value.details["retry_after_seconds"]) == (429, left)


def test_attempts_are_forgotten_after_a_day():
    assert standing(None, NOW) == 0
    assert standing(Attempts(7, NOW - timedelta(hours=24) + SECOND), NOW) == 7
    assert standing(Attempts(7, NOW - timedelta(hours=24)), NOW) == 0
    check_wait(None, NOW)


def test_tokens_are_long_and_never_the_same():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    assert digest("a") == hashlib.sha256(b"a").digest()
    assert same(b"a", b"a")
    assert not same(b"a", b"b")


def test_a_csrf_token_belongs_to_one_session():
    assert csrf_of("one") == csrf_of("one") != csrf_of("two")
    assert len(csrf_of("one")) == 64
    assert csrf_of("one") != digest("one").hex()


def test_a_key_is_read_back_and_nothing_else_is():
    for is_live, mode in ((True, "pk_live_"), (False, "pk_test_")):
        text = new_key(is_live=is_live)
        assert text.startswith(mode)
        assert len(text) == 72
        found = read_key(text)
        assert (found.is_live, found.prefix, found.digest) == (is_live, text[:20], digest(text))
    text = new_key(is_live=True)
    for wrong in (
        "",
        text[:-1],
        text + "0",
        text.upper(),
        f" {text}",
        f"{text}\n",
        text.replace("live", "prod"),
        text[:-1] + "u",
        text[:-1] + "é",
    ):
        assert read_key(wrong) is None
    assert len({new_key(is_live=True) for _ in range(50)}) == 50


def test_names_have_one_spelling():
    assert read_name("  Li.Lei@Bank ") == "li.lei@bank"
    for wrong in (
        "",
        "l",
        "1abc",
        "li lei",
        "李雷",
        "11010519491231002x",
        "13800138000",
        "a" * 65,
        "a\n"[:1] + "\u0130",
    ):
        with pytest.raises(Refusal) as refused:
            read_name(wrong)
        assert refused.value.code == "SIGN_IN_NAME_UNREADABLE"
    assert read_name("a" * 64)


MINUTE = timedelta(minutes=1)
SESSIONS = [
    (timedelta(), timedelta(), False),
    (timedelta(minutes=30) - SECOND, timedelta(minutes=30) - SECOND, False),
    (timedelta(minutes=30), timedelta(minutes=30), True),
    (timedelta(hours=12) - SECOND, MINUTE, False),
    (timedelta(hours=12), timedelta(), True),
]


@pytest.mark.parametrize(("age", "idle", "over"), SESSIONS)
def test_a_session_ends_unused_for_half_an_hour_or_after_twelve(age, idle, over):
    session = Session(b"", "account_1", NOW - age, NOW - idle)
    assert session.is_over(NOW) is over


def test_use_is_noted_once_a_minute():
    assert not Session(b"", "", NOW, NOW - MINUTE + SECOND).is_to_note(NOW)
    assert Session(b"", "", NOW, NOW - MINUTE).is_to_note(NOW)
    assert key(used_at=None).is_to_note(NOW)
    assert not key(used_at=NOW - MINUTE + SECOND).is_to_note(NOW)
    assert key(used_at=NOW - MINUTE).is_to_note(NOW)


def key(**changes):
    fields = {
        "id": "key_1",
        "prefix": "",
        "digest": b"",
        "about": "",
        "grants": (),
        "scopes": frozenset(),
        "is_live": True,
        "made_by": "account_1",
        "created_at": NOW,
        "expires_at": None,
    }
    return ApiKey(**{**fields, **changes})


def test_a_key_is_over_at_the_instant_of_its_expiry_or_once_revoked():
    assert not key().is_over(NOW)
    assert not key(expires_at=NOW + timedelta(microseconds=1)).is_over(NOW)
    assert key(expires_at=NOW).is_over(NOW)
    assert key(revoked_at=NOW).is_over(NOW)
    actor = key(is_live=False, party="p").actor()
    assert (actor.id, actor.person, actor.party, actor.scopes, actor.is_live, actor.is_person) == (
        "key_1",
        "account_1",
        "p",
        frozenset(),
        False,
        False,
    )


NS = 1_000_000_000
PACE = Pace(burst=3, refill=2)


def test_a_bucket_gives_its_burst_and_then_its_pace():
    bucket, waits = None, []
    for _ in range(4):
        bucket, wait = take(PACE, bucket, 0)
        waits.append(wait)
    assert waits == [0, 0, 0, 1]
    assert take(PACE, bucket, NS // 2 - 1)[1] == 1
    bucket, wait = take(PACE, bucket, NS // 2)
    assert wait == 0
    assert take(PACE, bucket, NS // 2)[1] == 1


def test_a_bucket_never_holds_more_than_its_burst_and_a_clock_never_runs_back():
    bucket, _ = take(PACE, None, 0)
    bucket, _ = take(PACE, bucket, 10**18)
    assert bucket == Bucket(2 * NS, 10**18)
    assert take(PACE, bucket, 0)[0].level == NS


def test_the_wait_is_rounded_up_to_seconds():
    slow = Pace(burst=1, refill=1, per_ns=90 * NS)
    bucket, _ = take(slow, None, 0)
    assert take(slow, bucket, 0)[1] == 90
    assert take(slow, bucket, 1)[1] == 90
    assert take(slow, bucket, NS)[1] == 89
    assert take(slow, bucket, 90 * NS)[1] == 0


def test_each_name_has_its_own_bucket_and_the_least_used_is_forgotten():
    buckets = ProcessBuckets(most=2)
    once = Pace(burst=1, refill=1)
    check_rate(buckets, "a", once, 0)
    check_rate(buckets, "b", once, 0)
    with pytest.raises(Refusal) as refused:
        check_rate(buckets, "a", once, 0)
    assert (refused.value.code, refused.value.status) == ("RATE_LIMITED", 429)
    assert refused.value.details["retry_after_seconds"] == 1
    check_rate(buckets, "c", once, 0)  # b goes
    check_rate(buckets, "b", once, 0)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:0:1:ffff::1", "2001:db8:0:1::"),
        ("2001:db8:0:2:ffff::1", "2001:db8:0:2::"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_a_subscriber_of_ipv6_is_one_caller(address, network):
    assert network_of(address) == network


def test_keys_use_only_letters_that_can_be_read_aloud():
    assert set(new_key(is_live=True)[8:]) <= set(string.digits + string.ascii_lowercase) - set("ilou")
