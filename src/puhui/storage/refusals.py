"""What the store refuses, in one list."""

from puhui.kernel.refusals import declare
from puhui.workflows.store import LOAN_UNKNOWN as LOAN_UNKNOWN

STORE_UNREACHABLE = declare(
    "STORE_UNREACHABLE",
    503,
    "数据库 {store} 无法使用：{problem}。请检查 PUHUI_DATABASE_URL 或 PUHUI_HOME，确认数据库在运行、磁盘未满，再重试。",
    "The database {store} cannot be used: {problem}. Check PUHUI_DATABASE_URL or PUHUI_HOME, that the database runs "
    "and the disk is not full, then try again.",
)
STORE_BUSY = declare(
    "STORE_BUSY",
    503,
    "数据库 {store} 正忙，等待已超时。请稍后用同一幂等键重试。",
    "The database {store} is busy and waiting took too long. Try again later, with the same idempotency key.",
)
STORE_BEHIND = declare(
    "STORE_BEHIND",
    503,
    "数据库 {store} 的结构为 {found}，程序需要 {needed}。请先备份，再运行 puhui migrate。",
    "The database {store} has structure {found}, the program needs {needed}. Back it up, then run: puhui migrate.",
)
STORE_AHEAD = declare(
    "STORE_AHEAD",
    503,
    "数据库 {store} 的结构为 {found}，比程序的 {needed} 新。请升级程序。",
    "The database {store} has structure {found}, newer than the program's {needed}. Upgrade the program.",
)
STORE_TEXT = declare(
    "STORE_TEXT",
    422,
    "文字中有数据库不能保存的字符（空字符或半个字符）。请删除后重试。",
    "A text holds a character that no database keeps (NUL, or half a character). Remove it and try again.",
)
LOAN_CHANGED = declare(
    "LOAN_CHANGED",
    409,
    "此笔贷款刚被另一笔操作更改。请重新读取后再试。",
    "Another operation has just changed this loan. Read it again and retry.",
)
FACT_MISSING = declare(
    "FACT_MISSING",
    404,
    "没有事实 {fact}。请核对编号。",
    "There is no fact {fact}. Check the id.",
)
IDEMPOTENCY_MISMATCH = declare(
    "IDEMPOTENCY_MISMATCH",
    422,
    "幂等键 {key} 已用于另一内容的请求。新的请求请用新的键。",
    "The idempotency key {key} was used for a request with other content. Use a new key for a new request.",
)
IDEMPOTENCY_IN_FLIGHT = declare(
    "IDEMPOTENCY_IN_FLIGHT",
    409,
    "同一幂等键的请求正在处理。请稍后重试，将得到它的结果。",
    "A request with the same idempotency key is being worked on. Try again shortly to receive its result.",
)
POSITION_STALE = declare(
    "POSITION_STALE",
    503,
    "贷款余额缓存的格式为 {found}，程序需要 {needed}。请运行 puhui migrate 重新生成。",
    "A loan's stored position has format {found}, the program needs {needed}. Run puhui migrate to make it anew.",
)
PLACE_UNREADABLE = declare(
    "PLACE_UNREADABLE",
    422,
    "{field} 不是此列表给出的位置：请原样使用上一页返回的值。",
    "{field} is no place that this listing gave: use the value of the page before as it was given.",
)
EVENT_UNKNOWN = declare(
    "EVENT_UNKNOWN",
    404,
    "没有可重发的事件 {event}：编号有误，或仍在排队。",
    "There is no event {event} to send again: the id is wrong, or it is still waiting its turn.",
)
CHECKPOINT_MISSING = declare(
    "CHECKPOINT_MISSING",
    404,
    "没有大小为 {size} 的检查点。请先生成检查点（puhui close），或核对大小。",
    "There is no checkpoint of size {size}. Make one first (puhui close), or check the size.",
)


class Fault(Exception):
    """The database did what it never should: a bug of ours, or an edit from outside. Not an expected no."""
