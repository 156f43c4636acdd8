"""The steps of a night, in their order: the one list of them.

Column steps are pure functions of the book's columns and of what the day hangs on; they see whole shards. Book steps
see what the shards came to; each is one transaction. A new step is a module and a line here.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from puhui.batch.book import Columns, Today
from puhui.batch.steps.accrue import accrue
from puhui.batch.steps.age import age
from puhui.batch.steps.bucket import bucket
from puhui.batch.steps.category import category
from puhui.batch.steps.debtor import debtor
from puhui.batch.steps.due import due
from puhui.batch.steps.expected_loss import expected_loss
from puhui.batch.steps.late import late
from puhui.batch.steps.non_accrual import non_accrual
from puhui.batch.steps.stage import stage
from puhui.kernel.language import Text

ColumnStep: TypeAlias = Callable[[Columns, Today], Columns]


class Named(NamedTuple):
    """A step with its name in the store and for people."""

    name: str
    title: Text
    run: ColumnStep


# What time does to a loan, as `lending.passing` does it to one; loans with an event come in after these.
PASSING = (
    Named("accrue", Text("计提利息", "accrue interest"), accrue),
    Named("due", Text("到期", "fall due"), due),
    Named("late", Text("逾期与罚息", "late amounts and penalty interest"), late),
)
# What the day makes of the loan as it then stands.
JUDGING = (
    Named("age", Text("逾期天数", "days past due"), age),
    Named("bucket", Text("逾期分档", "delinquency bucket"), bucket),
    Named("category", Text("五级分类", "five-tier category"), category),
    Named("debtor", Text("债务人合并分类", "the debtor's other claims"), debtor),
    Named("stage", Text("减值阶段", "stage"), stage),
    Named("expected_loss", Text("预期信用损失", "expected credit loss"), expected_loss),
    Named("non_accrual", Text("非应计", "non-accrual"), non_accrual),
)
COLUMN_STEPS = (*PASSING, *JUDGING)


class BookStep(NamedTuple):
    """A step on the whole book, with its name in the store and for people; `night.py` runs them."""

    name: str
    title: Text


# "columns": all column steps. All through "posted", which moves the watermark, are one transaction; it records the
# classifications that move a balance too. The others follow, and can be done again.
BOOK_STEPS = (
    BookStep("gather", Text("读取有变动的贷款", "gather the loans that had an event")),
    BookStep("columns", Text("逐列处理全部贷款", "pass the day over all loans")),
    BookStep("provisions", Text("减值准备", "provisions")),
    BookStep("entries", Text("汇总分录", "aggregated entries")),
    BookStep("snapshot", Text("快照", "snapshot")),
    BookStep("posted", Text("入账", "post")),
    BookStep("classify", Text("登记分类变动", "record changed classes")),
    BookStep("reconcile", Text("对账", "reconcile")),
    BookStep("checkpoint", Text("存证检查点", "checkpoint")),
)
