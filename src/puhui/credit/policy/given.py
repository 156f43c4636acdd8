"""What a policy may be given for one applicant; and the refusals that both engines share."""

from collections.abc import Mapping
from typing import Any

from puhui.credit.policy.graph import Input
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

POLICY_INPUT = declare(
    "POLICY_INPUT",
    422,
    "政策输入 {field} 有误：{problem}。请更正后再试。",
    "The policy's input {field} is wrong: {problem}. Correct it and try again.",
)
POLICY_UNKNOWN = declare(
    "POLICY_UNKNOWN",
    404,
    "没有政策 {policy}。可用：{known}。",
    "There is no policy {policy}. Known: {known}.",
)
POLICY_UNSAFE = declare(
    "POLICY_UNSAFE",
    422,
    "政策 {policy} 不能启用：{problem}。用 puhui policy check 查看全部问题。",
    "Policy {policy} may not be used: {problem}. puhui policy check lists all problems.",
)

_TYPES = {"int": int, "text": str, "bool": bool}


def check_given(inputs: Mapping[str, Input], given: Mapping[str, Any]) -> None:
    """Refuse POLICY_INPUT unless every value is one that the policy can read."""
    for name, value in given.items():
        item = inputs.get(name)
        if item is None:
            raise POLICY_INPUT.refuse(name, problem=Text("此政策不读它", "this policy does not read it"))
        if value is not None:
            _check_value(item, value)
    for name, item in inputs.items():
        if item.required and given.get(name) is None:
            raise POLICY_INPUT.refuse(name, problem=REQUIRED)


def _check_value(item: Input, value: object) -> None:
    kept = item.kept
    if type(value) is not _TYPES[kept.type]:
        raise POLICY_INPUT.refuse(item.field, problem=wrong_type(item))
    if type(value) is int and not kept.low <= value <= kept.high:
        raise POLICY_INPUT.refuse(item.field, problem=beyond(item))
    if item.values and value not in item.values:
        raise POLICY_INPUT.refuse(item.field, problem=not_listed(item))


def wrong_type(item: Input) -> Text:
    """Say which type is asked for."""
    return Text(f"类型须为 {item.kept.type}", f"its type must be {item.kept.type}")


def beyond(item: Input) -> Text:
    """Say between which ends a number must lie."""
    low, high = item.kept.low, item.kept.high
    return Text(f"须在 {low} 至 {high} 之间", f"it must lie in {low} to {high}")


def not_listed(item: Input) -> Text:
    """Say which words are known."""
    known = ", ".join(item.values)
    return Text(f"须是其中之一：{known}", f"it must be one of: {known}")


REQUIRED = Text("必填", "it is required")
