"""`puhui verify`: check a proof bundle offline, with the public keys alone."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puhui.cli.output import AsJson, print_json, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.proof.verify import Check, Report

BundleFile = Annotated[
    str,
    typer.Argument(
        metavar="BUNDLE", help=Text("存证包文件，“-” 为标准输入", "a proof bundle, or - for standard input").say()
    ),
]
KeysFile = Annotated[
    str,
    typer.Option(
        "--keys",
        metavar="FILE",
        help=Text(
            "信任的公钥和见证人数（从各方处取得，不取自存证包的提供者）",
            "the public keys to trust and how many witnesses; get it from the parties, not from who gave the bundle",
        ).say(),
    ),
]
SeenFile = Annotated[
    str,
    typer.Option(
        "--seen",
        metavar="FILE",
        help=Text(
            "以前保存的检查点：存证包须与之相符", "a checkpoint kept from before, which the bundle must agree with"
        ).say(),
    ),
]

CHECKS = {
    "form": Text("文件格式唯一、完整", "the file is whole and in its one form"),
    "policy": Text("见证要求与所信任的一致", "the quorum is the one that is trusted"),
    "checkpoint": Text("检查点由日志签名，签名全部正确", "the log signed the checkpoint, every signature is right"),
    "checkpoint quorum": Text("见证人数足够", "enough witnesses cosigned it"),
    "older": Text("旧检查点由日志签名", "the log signed the older checkpoint"),
    "older quorum": Text("旧检查点见证人数足够", "enough witnesses cosigned the older checkpoint"),
    "leaves": Text("条目齐全、按序、无缺口", "the leaves are all there, in order, without a gap"),
    "inclusion": Text("每一条都在日志的所称位置", "each leaf stands in the log where it is said to"),
    "personal": Text("公开的个人信息与摘要相符", "disclosed personal parts fit their digests"),
    "consistency": Text("新日志只在旧日志之后追加", "the log only grew since the older checkpoint"),
    "seen": Text("与以前保存的检查点相符", "the bundle agrees with the checkpoint kept before"),
}

PROBLEMS = {
    "not_canonical": Text("不是规范 JSON，文件被改动过", "not canonical JSON: the file was changed"),
    "shape": Text("结构不对", "its shape is wrong"),
    "format": Text("未知的格式", "unknown format"),
    "policy_differs": Text("存证包所依的见证要求不是所信任的", "the bundle was made for another quorum"),
    "note": Text("无法读取签名文", "the signed note cannot be read"),
    "origin": Text("来自另一本日志", "of another log"),
    "stranger": Text("签名者不在信任的公钥中", "signed by a key that is not among those trusted"),
    "signed_twice": Text("同一签名者出现两次", "the same signer twice"),
    "signature": Text("签名不对", "a wrong signature"),
    "unsigned": Text("没有日志的签名", "not signed by the log"),
    "no_checkpoint": Text("检查点未通过，无从检查", "cannot be checked: the checkpoint did not pass"),
    "quorum": Text("见证人数不足", "too few witnesses"),
    "count": Text("条数与所称不同", "not as many leaves as stated"),
    "order": Text("顺序不对", "not in the log's order"),
    "other_subject": Text("属于另一主体", "of another subject"),
    "gap": Text("历史有缺口", "a gap in the history"),
    "not_whole": Text("不是全部日志", "not the whole log"),
    "root": Text("根与检查点不同", "the root is not the checkpoint's"),
    "inclusion": Text("不在日志的该位置", "not in the log at this place"),
    "personal": Text("与摘要不符", "does not fit its digest"),
    "split_view": Text("同一大小有两个根：日志对不同的人出示不同的历史", "two roots at one size: a split view"),
    "shrunk": Text("日志变短了", "the log became shorter"),
    "consistency": Text("旧日志被改写", "the older log was rewritten"),
    "not_reached": Text("存证包未涉及以前保存的检查点", "the bundle does not reach the checkpoint kept before"),
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(
        "verify",
        help=Text(
            "离线核验存证包：0 通过，1 未通过，2 无法读取",
            "check a proof bundle offline: 0 verified, 1 not, 2 unreadable",
        ).say(),
    )(verify_command)


def verify_command(bundle: BundleFile, keys: KeysFile, seen: SeenFile = "", as_json: AsJson = False) -> None:
    """Print each check of BUNDLE; exit 1 when one did not pass."""
    from puhui.kernel.refusals import INPUT_UNREADABLE
    from puhui.proof.verify import Unreadable, parse_keys, verify_bundle

    name = keys
    try:
        trusted, quorum = parse_keys(read_text(keys))
        name = bundle
        report = verify_bundle(read_bytes(bundle), trusted, quorum, read_text(seen) if seen else None)
    except Unreadable as error:
        raise INPUT_UNREADABLE.refuse(name=name, problem=str(error)) from None
    if as_json:
        print_json(report_as_dict(report))
    else:
        _draw(report)
    if not report.verified:
        raise typer.Exit(1)


def report_as_dict(report: "Report") -> dict[str, object]:
    """Return the report as the JSON of `puhui verify`."""
    return {
        "verified": report.verified,
        "covers": dict(report.covers),
        "size": report.size,
        "root": report.root.hex(),
        "cosigned_at_seconds": dict(report.cosigned_seconds or {}),
        "checks": [
            {"name": check.name, "passed": check.passed, "problem": check.problem, "about": check.about}
            for check in report.checks
        ],
    }


def _draw(report: "Report") -> None:
    for check in report.checks:
        say(f"{'✓' if check.passed else '✗'} {CHECKS[check.name].say()}{_why(check)}")
    if not report.verified:
        say(Text("未通过核验：不要采信。", "Not verified: do not rely on it.").say())
        return
    count, subject = report.covers["count"], report.covers.get("subject")
    scope = {
        "log": Text(f"日志的全部 {count} 条", f"all {count} leaves of the log"),
        "subject": Text(
            f"{subject} 自第一条起的 {count} 条历史", f"the first {count} leaves of {subject}, without a gap"
        ),
        "leaves": Text(f"所列 {count} 条（不涉及其他条目）", f"the {count} leaves listed, and nothing about others"),
    }[report.covers["scope"]]
    zh = f"核验通过：{scope.zh}；检查点 {report.size} 条。"
    say(Text(zh, f"Verified: {scope.en}; checkpoint of {report.size} leaves.").say())


def _why(check: "Check") -> str:
    if check.passed:
        return ""
    about = f" ({check.about})" if check.about else ""
    return Text("：", ": ").say() + PROBLEMS[check.problem].say() + about


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file, or of standard input for "-"; refuse INPUT_UNREADABLE."""
    from puhui.kernel.refusals import INPUT_UNREADABLE

    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise INPUT_UNREADABLE.refuse(name=path, problem=error.strerror) from None


def read_text(path: str) -> str:
    """Return the text of a file, or of standard input for "-"; refuse INPUT_UNREADABLE."""
    from puhui.kernel.refusals import INPUT_UNREADABLE

    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise INPUT_UNREADABLE.refuse(name=path, problem=str(error)) from None
