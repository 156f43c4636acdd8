"""Personal values of simulated people (模拟人), made so that they cannot be anyone's; in no frame and no file.

They are for the vault of personal data only: ask for them by party when a party is made, and give them to it. Names
have 模拟 in them; telephone numbers begin with 000, which no area has; identity numbers have a wrong check character,
so that the vault's own reading refuses them: they serve tests and screens of refusal, never a record.
"""

import hashlib
from datetime import date, timedelta
from typing import Final

from puhui.credit.county.setting import CountySetting
from puhui.kernel.places import full_name

SURNAMES: Final = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林郑"
STEMS: Final = "甲乙丙丁戊己庚辛壬癸"
BRANCHES: Final = "子丑寅卯辰巳午未申酉戌亥"
_WEIGHTS: Final = tuple(2 ** (17 - place) % 11 for place in range(17))
_CHECKS: Final = "10X98765432"


def personal_of(setting: CountySetting, party: str, village: str) -> dict[str, str]:
    """Return name, telephone and address of a party of the county: what the vault takes.

    village: as in `County.parties`.
    """
    draw = _draw(setting, party)
    number = int("".join(filter(str.isdigit, party)))
    name = SURNAMES[draw % 20] + "模拟" + STEMS[draw // 20 % 10] + BRANCHES[draw // 200 % 12] + f"{number:07d}"
    return {
        "name": name,
        "phone": f"000{number % 10**8:08d}",
        "address": f"{full_name(setting.county)}{village}模拟{1 + draw // 2_400 % 300}号",
    }


def impossible_id_number(setting: CountySetting, party: str) -> str:
    """Return 18 characters like an identity number whose check character is wrong: nobody's, and refused by the vault.

    >>> impossible_id_number(CountySetting(), "sim_p0000001")[:6]
    '411425'
    """
    draw = _draw(setting, party)
    born_on = date(1965, 1, 1) + timedelta(days=draw % 14_000)
    body = f"{setting.county}{born_on:%Y%m%d}{draw // 14_000 % 1000:03d}"
    right = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11
    return body + _CHECKS[(right + 1 + draw // 14_000_000 % 10) % 11]


def _draw(setting: CountySetting, party: str) -> int:
    return int.from_bytes(hashlib.sha256(f"puhui simulated {setting.seed} {party}".encode()).digest()[:8], "big")
