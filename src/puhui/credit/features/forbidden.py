"""What no feature may read: sex, ethnicity, belief, health; by name, in Chinese and English.

Names are judged when a feature is registered and when a column is imported. A name is refused where it could mean
one of the four: better a good name changed than a bad one read. What carries them under another name is found by
`proxies.proxy_report`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

FEATURE_FORBIDDEN = declare(
    "FEATURE_FORBIDDEN",
    422,
    "{field} 不得用于授信：涉及{group}。请删除该列；如确与此无关，请改名。",
    "{field} may not be used for credit: it tells of {group}. Leave it out; rename it if it means another thing.",
)


class Forbidden(NamedTuple):
    """One group. words: whole words of a name. parts: found anywhere in a name. zh: found anywhere in Chinese."""

    name: Text
    words: frozenset[str]
    parts: tuple[str, ...]
    zh: tuple[str, ...]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FORBIDDEN: Final[Mapping[str, Forbidden]] = {
    "sex": Forbidden(
        Text("性别", "sex"),
        _words("sex sexes male males female females man men woman women lady ladies gentleman mr mrs nv xb"),
        ("gender", "xingbie", "pregnan", "maternity", "sexual", "lgbt"),
        ("性别", "男", "女", "孕", "产假", "性取向"),
    ),
    "ethnicity": Forbidden(
        Text("民族", "ethnicity"),
        _words("race races racial han hui tribe tribal caste nation mz"),
        ("ethnic", "minzu", "nationalit", "minority", "uyghur", "uighur", "tibetan", "mongol", "zhuang"),
        ("民族", "族裔", "种族", "族别", "汉族", "回族", "藏族", "维吾尔", "蒙古族", "壮族", "国籍", "籍贯"),
    ),
    "belief": Forbidden(
        Text("信仰", "belief"),
        _words("faith faiths creed church mosque temple islam jew jews"),
        (
            "religio",
            "belief",
            "zongjiao",
            "xinyang",
            "muslim",
            "christian",
            "buddhis",
            "catholic",
            "politic",
            "partymember",
            "communis",
        ),
        ("宗教", "信仰", "教派", "穆斯林", "基督", "佛教", "道教", "伊斯兰", "清真", "党派", "政治面貌"),
    ),
    "health": Forbidden(
        Text("健康", "health"),
        _words("ill illness sick sickness hiv aids cancer bmi drug drugs smoker smoking blood"),
        ("health", "jiankang", "disease", "disab", "handicap", "medic", "hospital", "diagnos", "genetic", "therap"),
        ("健康", "疾病", "病", "残疾", "残障", "医疗", "医院", "诊断", "基因", "体检", "吸烟"),
    ),
}

# What a column may hold whatever its name; a few values are enough to tell.
_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "sex": _words("男 女 男性 女性 male female"),
    "ethnicity": _words(
        "汉族 回族 藏族 满族 壮族 维吾尔族 蒙古族 苗族 彝族 土家族 侗族 布依族 朝鲜族 瑶族 白族 哈萨克族"
    ),
    "belief": _words("佛教 道教 基督教 天主教 伊斯兰教 buddhist christian muslim catholic"),
}


def forbidden_group(name: str) -> str | None:
    """Return the group that a name could mean ("sex", "ethnicity", "belief", "health"), or None.

    >>> forbidden_group("CODE_GENDER"), forbidden_group("婚姻与性别"), forbidden_group("trace_count")
    ('sex', 'sex', None)
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    words = set(re.split(r"[^a-z]+", spaced.lower()))
    joined = re.sub(r"[^a-z]+", "", name.lower())
    chinese = name.replace("子女", "")  # children, of either sex
    for code, group in FORBIDDEN.items():
        if (
            words & group.words
            or any(part in joined for part in group.parts)
            or any(part in chinese for part in group.zh)
        ):
            return code
    return None


def forbidden_values(values: Iterable[object]) -> str | None:
    """Return the group that a column's distinct values tell of, whatever its name, or None.

    >>> forbidden_values(["男", "女", None]), forbidden_values(["A", "B"])
    ('sex', None)
    """
    seen = {str(value).strip().lower() for value in values if value is not None} - {"", "unknown", "未知", "其他"}
    return next((code for code, known in _VALUES.items() if seen and len(seen & known) * 2 >= len(seen)), None)


def refuse_forbidden(names: Iterable[str], values: Mapping[str, Iterable[object]] | None = None) -> None:
    """Refuse FEATURE_FORBIDDEN for the first name that could mean a forbidden group.

    values: distinct values of text columns by name, judged too.
    """
    for name in names:
        group = forbidden_group(name) or (forbidden_values(values[name]) if values and name in values else None)
        if group:
            raise FEATURE_FORBIDDEN.refuse(name, group=FORBIDDEN[group].name)
