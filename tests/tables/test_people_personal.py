"""Personal fields: what is accepted, how it is shown; seals that open for nobody else; logs without persons."""

import io
import json
import logging
from datetime import date

import pytest
import structlog

from puhui.kernel.refusals import Refusal
from puhui.people import personal
from puhui.people.identity import FIELDS, check_character, mask, read_values, searchable
from puhui.people.personal import (
    MasterKeys,
    blind,
    key_id_of,
    new_key,
    read_keys,
    seal,
    unseal,
    unwrap,
    wrap,
    wrapped_by,
    write_keys,
)
from puhui.people.redact import Redacting, clean, cleaned, redact

TODAY = date(2026, 11, 24)
# The examples of GB 11643-1999 itself, annex A; the rest made by hand for the day and the check character.
ID_NUMBERS = [
    ("11010519491231002X", "11010519491231002X"),
    ("11010519491231002x", "11010519491231002X"),
    ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
    (" 110105 19491231 002X ", "11010519491231002X"),
    ("440524188001010014", None),  # the standard's second example; nobody was born in 1880
    ("110105194912310021", None),  # wrong check character
    ("11010519491231003X", None),
    ("11010519490229002X", None),  # 1949 had no 29 February
    ("1101051949123100", None),
    ("110105491231002", None),  # the old 15 digits
    ("01010519491231002X", None),
    ("1101051949123100X2", None),
    ("", None),
    ("abcdefghijklmnopqr", None),
]


@pytest.mark.parametrize(("text", "number"), ID_NUMBERS)
def test_identity_numbers(text, number):
    accepted("id_number", text, number)


def accepted(field, text, value):
    if value is not None:
        assert read_values({field: text}, TODAY) == {field: value}
        return
    with pytest.raises(Refusal) as refused:
        read_values({field: text}, TODAY)
    assert refused.value.code == "PERSONAL_INVALID"
    assert refused.value.fields == (field,)
    assert len(text) < 4 or text not in json.dumps(refused.value.as_dict(), ensure_ascii=False)


def made(first_seventeen):
    return first_seventeen + check_character(first_seventeen)


def test_the_check_characters_that_the_standard_prints():
    assert check_character("11010519491231002") == "X"
    assert check_character("44052418800101001") == "4"


@pytest.mark.parametrize(
    ("born", "good"),
    [
        ("20261124", True),
        ("20261125", False),
        ("19000101", True),
        ("18991231", False),
        ("20240229", True),
        ("20230229", False),
        ("20001301", False),
    ],
)
def test_nobody_is_born_tomorrow_or_before_1900(born, good):
    number = made(f"410323{born}101")
    accepted("id_number", number, number if good else None)


@pytest.mark.parametrize("place", range(18))
def test_any_one_wrong_digit_of_an_identity_number_is_noticed(place):
    number = "11010519491231002X"
    for digit in "0123456789":
        wrong = number[:place] + digit + number[place + 1 :]
        if wrong != number:
            accepted("id_number", wrong, None)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("phone", "13800138000", "13800138000"),
        ("phone", "+86 138-0013-8000", "13800138000"),
        ("phone", "008613800138000", "13800138000"),
        ("phone", "010-8888 8888", "01088888888"),
        ("phone", "0371 1234567", "03711234567"),
        ("phone", "12800138000", None),
        ("phone", "1380013800", None),
        ("phone", "138001380000", None),
        ("phone", "٠١٣٨٠٠١٣٨٠٠", None),
        ("bank_account", "6222 0200 0000 0000 000", "6222020000000000000"),
        ("bank_account", "1234567", None),
        ("bank_account", "12345678", "12345678"),
        ("bank_account", "1" * 32, "1" * 32),
        ("bank_account", "1" * 33, None),
        ("bank_account", "6222x", None),
        ("name", "  张　三 ", "张 三"),
        ("name", "买买提·艾力", "买买提·艾力"),
        ("name", "x" * 60, "x" * 60),
        ("name", "x" * 61, None),
        ("name", " \n", None),
        ("name", "张\x00三", None),
        ("name", "张\u202e三", None),
        ("address", "河南省洛阳市新安县一村 1 号", "河南省洛阳市新安县一村 1 号"),
        ("address", "x" * 201, None),
        ("vin", " 1m8gdm9axkp042788", "1M8GDM9AXKP042788"),
        ("vin", "1M8GDM9AXKP04278", None),
        ("vin", "1M8GDM9AXKP0427888", None),
        ("vin", "1M8GDM9AXKP04278O", None),
        ("vin.loan_1.car", "1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
        ("plate", "豫C12345", "豫C12345"),
        ("plate.loan_1.car", "x" * 12, "x" * 12),
        ("plate", "x" * 13, None),
    ],
)
def test_other_fields(field, text, value):
    accepted(field, text, value)


def test_a_field_that_is_not_text_or_not_known_is_refused():
    for field in FIELDS:
        with pytest.raises(Refusal) as refused:
            read_values({field: 13800138000}, TODAY)
        assert refused.value.code == "PERSONAL_INVALID"
    with pytest.raises(Refusal) as refused:
        read_values({"13800138000": "x"}, TODAY)
    assert refused.value.code == "PERSONAL_UNKNOWN"
    assert "13800138000" not in refused.value.message()
    with pytest.raises(Refusal) as refused:
        read_values({"phone.loan_1": "13800138000"}, TODAY)
    assert refused.value.code == "PERSONAL_UNKNOWN"


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("vin.loan_1.car", "1M8GDM9AXKP042788", "1M8**********2788"),
        ("plate", "豫C12345", "豫C****5"),
        ("phone", "13800138000", "138****8000"),
        ("phone", "01088888888", "*******8888"),
        ("id_number", "11010519491231002X", "110***********002X"),
        ("bank_account", "6222020000000000123", "***************0123"),
        ("bank_account", "12345678", "****5678"),
        ("name", "张三", "张*"),
        ("name", "买买提·艾力", "买*****"),
        ("name", "张", "*"),
        ("address", "河南省洛阳市新安县一村", "***********"),
        ("address", "河南省洛阳市新安县一村 1 号", "河南省洛阳市*********"),
    ],
)
def test_a_screen_shows_little(field, value, shown):
    assert mask(field, value) == shown
    assert len(shown) == len(value)


def test_only_numbers_are_searched_by():
    assert searchable("phone", "+86 13800138000", TODAY) == "13800138000"
    for field in ("name", "address", "password"):
        with pytest.raises(Refusal) as refused:
            searchable(field, "张三", TODAY)
        assert refused.value.code == "SEARCH_UNKNOWN"


# --- seals ------------------------------------------------------------------------------------------


def refused(code, call, *arguments):
    with pytest.raises(Refusal) as raised:
        call(*arguments)
    assert raised.value.code == code


def test_what_is_sealed_opens_only_with_its_key_for_its_person_and_field():
    key = new_key()
    sealed = seal(key, "party_a", "phone", b"13800138000")
    assert unseal(key, "party_a", "phone", sealed) == b"13800138000"
    assert b"13800138000" not in sealed
    assert seal(key, "party_a", "phone", b"13800138000") != sealed
    refused("SEAL_BROKEN", unseal, new_key(), "party_a", "phone", sealed)
    refused("SEAL_BROKEN", unseal, key, "party_b", "phone", sealed)
    refused("SEAL_BROKEN", unseal, key, "party_a", "name", sealed)
    refused("SEAL_BROKEN", unseal, key, "party_ap", "hone", sealed)


def test_any_flipped_bit_and_any_cut_is_noticed():
    key = new_key()
    sealed = seal(key, "party_a", "phone", b"138")
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        refused("SEAL_BROKEN", unseal, key, "party_a", "phone", bytes(broken))
        refused("SEAL_BROKEN", unseal, key, "party_a", "phone", sealed[:place])


def test_a_wrapped_key_opens_for_its_owner_under_any_master_key_in_hand():
    old, new, other, data = new_key(), new_key(), new_key(), new_key()
    wrapped = wrap(MasterKeys((old,)), data, "party_a")
    assert wrapped_by(wrapped) == key_id_of(old)
    assert unwrap(MasterKeys((new, old)), wrapped, "party_a") == data
    assert wrapped_by(wrap(MasterKeys((new, old)), data, "party_a")) == key_id_of(new)
    refused("MASTER_KEY_WRONG", unwrap, MasterKeys((other,)), wrapped, "party_a")
    refused("SEAL_BROKEN", unwrap, MasterKeys((old,)), wrapped, "party_b")
    assert data not in wrapped


def test_the_blind_index_is_exact_and_secret():
    key = new_key()
    digest = blind(key, "phone", "13800138000")
    assert digest == blind(key, "phone", "13800138000")
    assert (
        len(
            {
                digest,
                blind(key, "phone", "13800138001"),
                blind(key, "bank_account", "13800138000"),
                blind(new_key(), "phone", "13800138000"),
            }
        )
        == 4
    )


def test_master_keys_are_written_and_read_the_current_one_first():
    keys = (new_key(), new_key())
    text = write_keys(keys)
    assert read_keys(text).keys == keys
    assert read_keys(text.splitlines()[1]).current == keys[0]
    assert read_keys(",".join(line.split()[0] for line in text.splitlines()[1:])).keys == keys
    for wrong in ("", "# only a note", "short", "!" * 44, text + "AAAA"):
        refused("MASTER_KEY_UNREADABLE", read_keys, wrong)
        assert not wrong or wrong not in str(personal.MASTER_KEY_UNREADABLE.text)


# --- logs -------------------------------------------------------------------------------------------

STRUCK = [
    "11010519491231002X",
    "110105 19491231 002x",
    "13800138000",
    "138-0013-8000",
    "+8613800138000",
    "6222020000000000123",
    "6222 0200 0000 0000 123",
    "pk_live_0123456789ab" + "0" * 52,
    "pk_test_0123456789ab" + "0" * 52,
    "Bearer abcdefgh.ijkl",
    "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
]


@pytest.mark.parametrize("secret", STRUCK)
@pytest.mark.parametrize("frame", ["{}", "for '{}' no", "号码{}有误", "a={}&b", '"{}"', "({})"])
def test_what_looks_personal_or_secret_is_struck_out(secret, frame):
    line = clean(frame.format(secret))
    assert secret not in line
    assert "[…]" in line


@pytest.mark.parametrize(
    "harmless",
    [
        "loan_01fwhe4ydgfk1shh6w1g60eecf",
        "2026-11-24T08:38:42.123456Z",
        "took 1380013 us",
        "410323",
        "17f22e2a79b07cc398c4dc0c0c07398f13800138000aaaa",
        "127.0.0.1:54329",
        "v1.13800138000",
        "pk_live",
        "",
    ],
)
def test_what_is_not_stays(harmless):
    assert clean(harmless) == harmless


def test_fields_are_struck_out_by_their_names_and_numbers_stay():
    event = {
        "event": "party made for 13800138000",
        "borrower_name": "张三",
        "ID-Number": "x",
        "nested": {"address": "一村", "list": [{"password": "p"}, "13800138000", b"bytes"]},
        "amount_minor": 13_800_138_000,
        "authorization": None,
        "error": ValueError("13800138000"),
        "logger_name": "puhui",
        "done": True,
    }
    assert redact(None, "info", event) == {
        "event": "party made for […]",
        "borrower_name": "[…]",
        "ID-Number": "[…]",
        "nested": {"address": "[…]", "list": [{"password": "[…]"}, "[…]", "[…]"]},
        "amount_minor": 13_800_138_000,
        "authorization": None,
        "error": "[…]",
        "logger_name": "puhui",
        "done": True,
    }
    assert cleaned({"a": ("13800138000",)}) == {"a": ["[…]"]}


def test_structlog_and_logging_write_it_clean_also_in_a_traceback():
    out = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer()],
    )
    plain = logging.getLogger("puhui.test.redact")
    handler = logging.StreamHandler(out)
    handler.addFilter(Redacting())
    plain.addHandler(handler)
    plain.propagate = False
    try:
        try:
            raise ValueError("number 11010519491231002X")
        except ValueError:
            logger.error("broke", phone="x", exc_info=True)
            plain.exception("broke for %s", "13800138000")
    finally:
        plain.removeHandler(handler)
    text = out.getvalue()
    assert "11010519491231002X" not in text
    assert "13800138000" not in text
    assert text.count("ValueError: number") == 2
