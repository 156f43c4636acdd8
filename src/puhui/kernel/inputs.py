"""The edge: outside data becomes a checked, frozen record, or a refusal that names every wrong field."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID, INPUT_UNREADABLE, Refusal


class Record(BaseModel):
    """A frozen record read from outside: unknown fields and lossy conversions are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


RecordType = TypeVar("RecordType", bound=Record)

_NO_INSTANT = Text("不是有效时刻，请写作 2024-01-15T10:00:00+08:00", "is no instant; write 2024-01-15T10:00:00+08:00")
PROBLEMS: dict[str, Text] = {
    "missing": Text("缺少必填字段", "is required"),
    "extra_forbidden": Text("未知字段，请删除或更正拼写", "is not a known field; remove it or correct its spelling"),
    "int_type": Text("必须是整数", "must be a whole number"),
    "int_from_float": Text("必须是整数，不接受小数", "must be a whole number, not a decimal"),
    "greater_than": Text("必须大于 {gt}", "must be more than {gt}"),
    "greater_than_equal": Text("不得小于 {ge}", "must be at least {ge}"),
    "less_than": Text("必须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": Text("不得大于 {le}", "must be at most {le}"),
    "literal_error": Text("必须是其中之一：{expected}", "must be one of: {expected}"),
    "enum": Text("必须是其中之一：{expected}", "must be one of: {expected}"),
    "string_type": Text("必须是文字", "must be text"),
    "string_too_short": Text("不得为空", "must not be empty"),
    "string_too_long": Text("不得超过 {max_length} 个字符", "must be at most {max_length} characters"),
    "string_pattern_mismatch": Text("格式不符", "does not have the form that is asked for"),
    "int_parsing": Text("必须是整数", "must be a whole number"),
    "bool_parsing": Text("必须是 true 或 false", "must be true or false"),
    "json_invalid": Text("不是有效的 JSON", "is not JSON that can be read"),
    "bool_type": Text("必须是 true 或 false", "must be true or false"),
    "date_from_datetime_parsing": Text("不是有效日期，请写作 YYYY-MM-DD", "is not a real date; write YYYY-MM-DD"),
    "date_parsing": Text("不是有效日期，请写作 YYYY-MM-DD", "is not a real date; write YYYY-MM-DD"),
    "date_type": Text("不是有效日期，请写作 YYYY-MM-DD", "is not a real date; write YYYY-MM-DD"),
    "datetime_type": _NO_INSTANT,
    "datetime_parsing": _NO_INSTANT,
    "datetime_from_date_parsing": _NO_INSTANT,
    "timezone_aware": Text("时刻须带时区，例如 +08:00", "must say its time zone, such as +08:00"),
    "looked": Text("须是 true/false、整数或一行文字", "must be true or false, a whole number or a line of text"),
    "list_type": Text("必须是列表", "must be a list"),
    "tuple_type": Text("必须是列表", "must be a list"),
    "dict_type": Text("必须是对象", "must be an object"),
    "model_type": Text("必须是对象", "must be an object"),
    "too_short": Text("项数太少，至少 {min_length} 项", "has too few items; at least {min_length}"),
    "too_long": Text("项数太多，至多 {max_length} 项", "has too many items; at most {max_length}"),
}


def parse(model: type[RecordType], data: object, where: str = "") -> RecordType:
    """Return `data` (parsed JSON or YAML) as a `model`; refuse INPUT_INVALID naming each wrong field.

    Dates are accepted as ISO text or as dates; nothing else is converted. `where` prefixes field names.
    A validator inside a record may raise a Refusal itself: it passes through unchanged.
    """
    if not isinstance(data, Mapping):
        raise INPUT_INVALID.refuse(where or "$", problem=Text("必须是一个 JSON 对象", "must be a JSON object"))
    try:
        return model.model_validate_json(json.dumps(data, default=_iso, allow_nan=False))
    except ValidationError as error:
        raise _refusal(error, where) from None
    except (TypeError, ValueError) as error:
        raise INPUT_INVALID.refuse(where or "$", problem=str(error)) from None


def one_of(field: str, value: str, known: Iterable[str]) -> None:
    """Refuse INPUT_INVALID unless `value` is one of the known names."""
    names = list(known)
    if value not in names:
        text = PROBLEMS["literal_error"]
        expected = ", ".join(names)
        problem = Text(f"{field} {text.zh.format(expected=expected)}", f"{field} {text.en.format(expected=expected)}")
        raise INPUT_INVALID.refuse(field, problem=problem)


def read_json(path: str | Path, text: str | None = None) -> Any:
    """Return the parsed JSON file at `path` (or of `text`, read from it already); refuse INPUT_UNREADABLE."""
    try:
        return json.loads(
            Path(path).read_text(encoding="utf-8") if text is None else text,
            parse_constant=_no_constant,
            object_pairs_hook=_no_twice,
        )
    except OSError as error:
        raise INPUT_UNREADABLE.refuse(name=str(path), problem=error.strerror) from None
    except (ValueError, RecursionError) as error:
        raise INPUT_UNREADABLE.refuse(name=str(path), problem=f"JSON: {error}") from None


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a field is given twice: {max(names, key=names.count)}")
    return whole


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _refusal(error: ValidationError, where: str) -> Refusal:
    fields: dict[str, Text] = {}
    for item in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in ((where,) if where else ()) + tuple(item["loc"])) or "$"
        fields.setdefault(name, _sentence(item["type"], item["msg"], item.get("ctx", {})))
    problem = Text(
        "；".join(f"{name} {text.zh}" for name, text in fields.items()),
        "; ".join(f"{name} {text.en}" for name, text in fields.items()),
    )
    return INPUT_INVALID.refuse(*fields, problem=problem)


def _sentence(kind: str, message: str, context: Mapping[str, Any]) -> Text:
    text = PROBLEMS.get(kind)
    if text is None:
        return Text(f"不合要求（{message}）", f"is not acceptable ({message})")
    return Text(text.zh.format(**context), text.en.format(**context))
