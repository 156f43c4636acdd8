"""Custom 自定义: principal in the proportions that the parties agree."""

from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts, pay_principal, share_principal
from puhui.products.kinds.kind import Kind, need
from puhui.products.terms import Terms


def plan(calculation: Calculation) -> Parts:
    """Return the parts: principal of period k is P x weight k / sum of weights, rounded."""
    return pay_principal(calculation, share_principal(calculation, calculation.terms.weights))


def check(terms: Terms) -> None:
    """Refuse unless there is a weight for every instalment, and the last is not 0; grace is said by weights of 0."""
    need(len(terms.weights) == terms.instalments, "weights", _ONE_EACH)
    need(terms.weights[-1] > 0, "weights", _LAST_PAYS)
    need(terms.grace.principal == 0, "grace.principal", _GRACE_BY_WEIGHTS)


_ONE_EACH = Text("须为每一期各填一个", "needs one for every instalment")
_LAST_PAYS = Text("最后一期须大于 0", "must end with a weight above 0")
_GRACE_BY_WEIGHTS = Text("请用权重 0 表示本金宽限", "is said by weights of 0 instead")

KIND = Kind(
    "custom",
    Text("自定义还本", "custom weights"),
    Text("按约定比例归还本金", "principal in agreed proportions"),
    plan,
    fields=frozenset({"weights"}),
    check=check,
)
