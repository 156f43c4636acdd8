"""Personal fields: what each must look like, its one spelling, and how much of it a screen shows.

A refusal names the field and the rule, never the value: problems and logs must not carry it.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

PERSONAL_INVALID = declare("PERSONAL_INVALID", 422, "{field} 有误：{problem}。", "{field} is wrong: {problem}.")
PERSONAL_UNKNOWN = declare(
    "PERSONAL_UNKNOWN",
    422,
    "{field} 不是个人信息字段。可用：{known}。",
    "{field} is not a field of personal data. Use: {known}.",
)
SEARCH_UNKNOWN = declare(
    "SEARCH_UNKNOWN",
    422,
    "不能按 {field} 查找。可用：{known}。",
    "{field} cannot be searched by. Use: {known}.",
)

# GB 11643-1999, section 7: ISO 7064 MOD 11-2, the weights 2**17 .. 2**1 modulo 11.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_ID_NUMBER = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"0\d{9,11}", re.ASCII)
_ACCOUNT = re.compile(r"\d{8,32}", re.ASCII)
_SPACES = re.compile(r"[\s-]+")
_VIN = re.compile(r"[A-HJ-NPR-Z\d]{17}", re.ASCII)
_LONGEST = {"name": 60, "address": 200, "plate": 12}
_OLDEST = date(1900, 1, 1)

ID_FORM = Text("须为 18 位公民身份号码", "it must be the 18 characters of a resident identity number")
ID_DAY = Text("其中的出生日期不成立", "the day of birth in it cannot be")
ID_CHECK = Text("校验码不符，请核对每一位", "its check character does not fit; check each digit")
PHONE_FORM = Text(
    "须为 11 位手机号，或带区号的固定电话", "it must be a mobile number of 11 digits, or a landline with its area code"
)
ACCOUNT_FORM = Text("须为 8 至 32 位数字", "it must be 8 to 32 digits")
VIN_FORM = Text("须为 17 位车架号", "it must be the 17 characters of a VIN")
LINE_FORM = Text("须为一行文字，长度适当", "it must be one line of text, not empty and not too long")


def check_character(seventeen: str) -> str:
    """Return the 18th character of an identity number (GB 11643, ISO 7064 MOD 11-2).

    >>> check_character("11010519491231002")
    'X'
    """
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(seventeen, _WEIGHTS, strict=True)) % 11]


def read_id_number(text: str, today: date, field: str = "id_number") -> str:
    """Return a resident identity number in its one spelling; refuse PERSONAL_INVALID.

    Its check character fits, its day of birth exists, not before 1900 and not after `today`.

    >>> read_id_number(" 11010519491231002x ", date(2026, 1, 1))
    '11010519491231002X'
    """
    number = _plain(text).upper()
    if not _ID_NUMBER.fullmatch(number):
        raise PERSONAL_INVALID.refuse(field, problem=ID_FORM)
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise PERSONAL_INVALID.refuse(field, problem=ID_DAY) from None
    if not _OLDEST <= born_on <= today:
        raise PERSONAL_INVALID.refuse(field, problem=ID_DAY)
    if number[17] != check_character(number[:17]):
        raise PERSONAL_INVALID.refuse(field, problem=ID_CHECK)
    return number


def read_phone(text: str, today: date, field: str = "phone") -> str:
    """Return the digits of a Chinese telephone number without +86; refuse PERSONAL_INVALID.

    >>> read_phone("+86 138-0013-8000", date(2026, 1, 1))
    '13800138000'
    """
    del today
    number = _plain(text).removeprefix("+86").removeprefix("0086")
    if not (_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number)):
        raise PERSONAL_INVALID.refuse(field, problem=PHONE_FORM)
    return number


def read_account(text: str, today: date, field: str = "bank_account") -> str:
    """Return the digits of a bank account or card; refuse PERSONAL_INVALID."""
    del today
    number = _plain(text)
    if not _ACCOUNT.fullmatch(number):
        raise PERSONAL_INVALID.refuse(field, problem=ACCOUNT_FORM)
    return number


def read_vin(text: str, today: date, field: str = "vin") -> str:
    """Return the number of a vehicle's frame; refuse PERSONAL_INVALID."""
    del today
    number = _plain(text).upper()
    if not _VIN.fullmatch(number):
        raise PERSONAL_INVALID.refuse(field, problem=VIN_FORM)
    return number


def read_line(text: str, today: date, field: str) -> str:
    """Return a name or an address as one tidy line; refuse PERSONAL_INVALID."""
    del today
    line = " ".join(unicodedata.normalize("NFKC", text).split()) if isinstance(text, str) else ""
    if not 1 <= len(line) <= _LONGEST[field] or not line.isprintable():
        raise PERSONAL_INVALID.refuse(field, problem=LINE_FORM)
    return line


def _plain(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text)) if isinstance(text, str) else ""


def _shown(start: int, end: int) -> Callable[[str], str]:
    """Return a mask that keeps the first `start` and last `end` characters, and at least half hidden."""

    def mask(value: str) -> str:
        hidden = len(value) - start - end
        if hidden * 2 < len(value):
            return "*" * len(value)
        return value[:start] + "*" * hidden + value[len(value) - end :]

    return mask


def mask_phone(value: str) -> str:
    """Return 138****8000; of a landline only its last four digits."""
    return value[:3] + "****" + value[7:] if _MOBILE.fullmatch(value) else "*" * (len(value) - 4) + value[-4:]


def mask_name(value: str) -> str:
    """Return the first character and a star for each other one; of a single character only a star."""
    return value[:1] + "*" * (len(value) - 1) if len(value) > 1 else "*"


@dataclass(frozen=True, slots=True)
class PersonalField:
    """One field: how it is read, how it is masked, and whether it can be searched by."""

    name: Text
    read: Callable[[str, date, str], str]
    mask: Callable[[str], str]
    searchable: bool = False


FIELDS: dict[str, PersonalField] = {
    "name": PersonalField(Text("姓名", "name"), read_line, mask_name),
    "id_number": PersonalField(Text("身份证号", "identity number"), read_id_number, _shown(3, 4), searchable=True),
    "phone": PersonalField(Text("电话", "telephone"), read_phone, mask_phone, searchable=True),
    "bank_account": PersonalField(Text("银行账号", "bank account"), read_account, _shown(0, 4), searchable=True),
    "address": PersonalField(Text("住址", "address"), read_line, _shown(6, 0)),
    "vin": PersonalField(Text("车架号", "VIN"), read_vin, _shown(3, 4)),
    "plate": PersonalField(Text("号牌", "number plate"), read_line, _shown(2, 1)),
}
# A person may have several of these: each is kept under the field's name, a point, and what it is of.
OF_THINGS = frozenset({"vin", "plate"})


def base_of(name: str) -> str:
    """Return the field that a name stands for.

    >>> base_of("vin.loan_1.car"), base_of("phone"), base_of("phone.loan_1")
    ('vin', 'phone', 'phone.loan_1')
    """
    base = name.partition(".")[0]
    return base if base in OF_THINGS else name


def read_values(values: Mapping[str, str], today: date) -> dict[str, str]:
    """Return personal values in their one spelling; refuse PERSONAL_UNKNOWN, PERSONAL_INVALID."""
    return {name: field_of(name).read(value, today, base_of(name)) for name, value in values.items()}


def mask(name: str, value: str) -> str:
    """Return as much of a value as a screen shows.

    >>> mask("phone", "13800138000"), mask("id_number", "11010519491231002X"), mask("name", "张三丰")
    ('138****8000', '110***********002X', '张**')
    """
    return field_of(name).mask(value)


def field_of(name: str) -> PersonalField:
    """Return a field; refuse PERSONAL_UNKNOWN."""
    if base_of(name) not in FIELDS:
        raise PERSONAL_UNKNOWN.refuse(_shortened(name), known=", ".join(FIELDS))
    return FIELDS[base_of(name)]


def searchable(name: str, value: str, today: date) -> str:
    """Return a value to search by, in its one spelling; refuse SEARCH_UNKNOWN, PERSONAL_INVALID."""
    known = [each for each, field in FIELDS.items() if field.searchable]
    if name not in known:
        raise SEARCH_UNKNOWN.refuse(_shortened(name), known=", ".join(known))
    return FIELDS[name].read(value, today, name)


def _shortened(name: str) -> str:
    """Return a field's name as a refusal may repeat it: what cannot be a name may be a value."""
    return name if re.fullmatch("[a-z_]{1,30}", str(name)) else "field"
