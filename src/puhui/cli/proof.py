"""`puhui proof`: the log of all facts: its keys, checkpoints, bundles for outsiders, witnesses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from puhui.cli.output import AsJson, print_json, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.storage.log import ProofLog

proof = typer.Typer(
    help=Text("存证：密钥、检查点、存证包、见证", "the proof: keys, checkpoints, bundles, witnesses").say(),
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(proof, name="proof")


@proof.command(help=Text("验证者需要的公钥文件", "the file of public keys that a verifier needs").say())
def keys() -> None:
    """Print the public keys."""
    from puhui.adapters.proof_keys import trusted_text

    say(trusted_text().rstrip("\n"))


@proof.command(help=Text("把新事实编入日志并签署检查点", "put new facts into the log and sign a checkpoint").say())
def checkpoint(as_json: AsJson = False) -> None:
    """Sign a checkpoint over all facts."""
    from puhui.adapters.proof_keys import log_key
    from puhui.kernel.clock import now

    with _log() as log:
        signed = log.checkpoint(log_key(), now())
    if as_json:
        print_json({"size": signed.size, "root": signed.root.hex(), "made_at": signed.made_at, "note": signed.note})
    else:
        say(signed.note.rstrip("\n"))


@proof.command(help=Text("导出存证包：一个主体，或全部日志", "export a bundle: one history, or all").say())
def bundle(
    subject: Annotated[str, typer.Argument(metavar="[SUBJECT]", help=Text("如 loan_…", "such as loan_...").say())] = "",
    older: Annotated[
        int | None,
        typer.Option(help=Text("从此大小的旧检查点证起", "prove growth from this size on").say()),
    ] = None,
) -> None:
    """Print the proof bundle, at a checkpoint signed now."""
    from puhui.adapters.proof_keys import log_key, trusted
    from puhui.kernel.clock import now

    with _log() as log:
        log.checkpoint(log_key(), now())
        made = log.bundle(trusted()[1], subject=subject, older=older)
    say(made.decode().rstrip("\n"))


@proof.command(help=Text("检查存储中的日志是否被改动", "check that nobody edited what is stored").say())
def audit() -> None:
    """Recompute every leaf and every checkpoint from the stored facts; exit 1 when something does not hold."""
    with _log() as log:
        problems = log.audit()
    for problem in problems:
        say(f"✗ {problem}")
    if problems:
        raise typer.Exit(1)
    say(Text("✓ 事实、日志与检查点一致", "✓ facts, log and checkpoints agree").say())


@proof.command(help=Text("见证：验证后联署检查点", "as a witness, verify and cosign a checkpoint").say())
def cosign(
    file: Annotated[str, typer.Argument(metavar="BUNDLE", help=Text("存证包", "a bundle of the log").say())],
    key: Annotated[str, typer.Option(help=Text("私钥文件，没有则新建", "the key file, made if missing").say())],
    name: Annotated[str, typer.Option(help=Text("新建密钥的名称", "the name of a new key").say())],
    trusted_keys: Annotated[
        str, typer.Option("--keys", help=Text("日志的公钥文件", "the log's file of public keys").say())
    ],
    seen: Annotated[str, typer.Option(help=Text("上次见证的检查点", "the checkpoint cosigned last").say())] = "",
) -> None:
    """Print the checkpoint with the witness's cosignature added; refuse one that does not verify."""
    import json

    from puhui.adapters.proof_keys import PROOF_KEY, witness_key
    from puhui.cli.verify import read_bytes, read_text
    from puhui.kernel.clock import now
    from puhui.kernel.refusals import INPUT_UNREADABLE
    from puhui.proof.note import add_cosignature
    from puhui.proof.verify import Unreadable, parse_keys, verify_bundle

    data = read_bytes(file)
    try:
        report = verify_bundle(data, *parse_keys(read_text(trusted_keys)), read_text(seen) if seen else None)
    except Unreadable as error:
        raise INPUT_UNREADABLE.refuse(name=file, problem=str(error)) from None
    # The quorum is what the witness is about to help to reach.
    failed = [check.name for check in report.checks if not check.passed and not check.name.endswith("quorum")]
    if failed:
        problem = Text(f"未通过：{', '.join(failed)}，不联署", f"does not verify ({', '.join(failed)}): not cosigned")
        raise PROOF_KEY.refuse("bundle", file=file, problem=problem)
    witness = witness_key(Path(key), name)
    note = json.loads(data)["checkpoint"]
    say(add_cosignature(note, witness, int(now().timestamp())).rstrip("\n"))
    typer.echo(f"witness {name} {witness.verifier}", err=True)


@proof.command(help=Text("收下联署后的检查点", "keep a checkpoint that witnesses cosigned").say())
def add(file: Annotated[str, typer.Argument(metavar="NOTE")]) -> None:
    """Store a cosigned checkpoint."""
    from puhui.cli.verify import read_text
    from puhui.kernel.clock import now

    with _log() as log:
        log.add_note(read_text(file), now())
    say(Text("✓ 已收下", "✓ kept").say())


@contextmanager
def _log() -> "Iterator[ProofLog]":
    from puhui.storage.database import connect
    from puhui.storage.log import ProofLog

    database = connect()
    try:
        yield ProofLog(database)
    finally:
        database.close()
