"""Where money comes in and goes out: the settlement account of each payment channel."""

from puhui.accounting.accounts import BANK, WALLET
from puhui.kernel.refusals import declare

CHANNEL_UNKNOWN = declare(
    "CHANNEL_UNKNOWN",
    422,
    "没有收付渠道 {channel}。可选：{known}。",
    "There is no payment channel {channel}. Known: {known}.",
)

# No channel: the bank account.
CHANNELS: dict[str, str] = {
    "": BANK,
    "bank": BANK,
    "transfer": BANK,
    "direct_debit": BANK,
    "counter": BANK,
    "wallet": WALLET,
    "qr": WALLET,
    "alipay": WALLET,
    "wechat": WALLET,
}


def settlement_account(channel: str) -> str:
    """Return the account that a channel settles on; refuse CHANNEL_UNKNOWN."""
    account = CHANNELS.get(channel)
    if account is None:
        raise CHANNEL_UNKNOWN.refuse(
            "channel", channel=channel[:40], known=", ".join(name for name in CHANNELS if name)
        )
    return account
