"""Why a row is set aside: a stable code, and what to do, in two languages."""

from functools import cache

from puhui.kernel.language import Text

REASONS: dict[str, Text] = {
    "cells": Text(
        "单元格数与表头不同，请检查分隔符和引号",
        "not as many cells as the header; check separators and quotes",
    ),
    "whole_row_quoted": Text(
        "整行被引号包成一格；如确认无误，可在映射中写 unwrap_rows: true",
        "the whole row is in quotes, one cell; write unwrap_rows: true in the mapping to read it",
    ),
    "encoding": Text(
        "字符编码与文件其余部分不同，请统一编码后重导",
        "its characters are in another encoding than the file; save the file in one encoding",
    ),
    "nul": Text("含有空字符（NUL），请重新导出", "it holds NUL characters; export the file anew"),
    "control": Text("含有控制字符，请清理", "it holds control characters; clean the cell"),
    "unclosed_quote": Text("引号没有闭合，请补上", "a quote is not closed; close it"),
    "quotes": Text("引号位置不对，请更正", "its quotes are misplaced; mend them"),
    "json": Text("不是一行有效的 JSON 对象，请更正", "not one JSON object on a line; mend it"),
    "nested": Text("值是列表或对象，请展开成列", "a value is a list or an object; make columns of it"),
    "unknown_field": Text("有前面各行没有的字段，请补齐或删去", "a field that the first rows do not have; remove it"),
    "not_number": Text("不是数，请更正，或把代码列入 missing", "not a number; correct it, or list the code as missing"),
    "not_whole": Text("不是整数，请更正", "not a whole number; correct it"),
    "not_money": Text("不是精确到分的金额，请更正", "not an amount exact to the cent; correct it"),
    "not_date": Text("不是有效日期，请按 format 所写的格式更正", "not a date as `format` says; correct it"),
    "not_flag": Text("既不是 yes 也不是 no 所列的值，请更正", "neither a yes nor a no of the mapping; correct it"),
    "not_known_kind": Text(
        "种类不在映射 kinds 中，请补入映射",
        "a kind that the mapping does not list; add it to kinds",
    ),
    "below": Text("小于允许的最小值，请更正或调整 least", "below the least allowed; correct it or change least"),
    "above": Text("大于允许的最大值，请更正或调整 most", "above the most allowed; correct it or change most"),
    "too_early": Text("日期太早，请更正或调整 least", "the date is too early; correct it or change least"),
    "too_late": Text("日期太晚，请更正或调整 most", "the date is too late; correct it or change most"),
    "formula": Text(
        "以 = 或 @ 开头，像电子表格公式，请改为文字", "begins with = or @ like a spreadsheet formula; write text"
    ),
    "too_long": Text("文字过长，请缩短", "the text is too long; shorten it"),
    "id_missing": Text("缺少编号，请补上", "its id is missing; add it"),
    "id_twice": Text("编号重复，已保留先出现的一行", "its id was there before; the first row is kept"),
    "required": Text("必填项为空，请补上", "a value that every row must have is missing; add it"),
    "label": Text("标签既不在 bad 也不在 good 中，请更正", "its label is neither in bad nor in good; correct it"),
    "label_missing": Text("缺少标签，请补上", "its label is missing; add it"),
}


@cache
def reason(code: str) -> Text:
    """Return the sentence of a code; those of events come with the rules of `credit.events`."""
    if not code.startswith("event_"):
        return REASONS[code]
    from puhui.credit.events import row_rules

    return row_rules()[code.removeprefix("event_")][1]
