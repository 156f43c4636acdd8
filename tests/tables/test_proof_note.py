"""Signed notes, checkpoints, cosignatures and files of keys, against notes and keys published by others."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from proof_example import KEYS, LOG, POLICY, STAMP, WITNESSES, checkpoint, the_log
from puhui.proof.note import (
    COSIGNATURE,
    SigningKey,
    add_cosignature,
    checkpoint_text,
    keys_text,
    parse_checkpoint,
    parse_key,
    parse_keys,
    parse_note,
    sign_note,
    signers,
)
from puhui.proof.verify import Unreadable

# The example of Go's package note, and the key of Go's checksum database.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
SUM = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETERS = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCHS = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"


@pytest.mark.parametrize("text", [PETER, ENOCH, SUM, *(str(key) for key in (KEYS.log, *KEYS.witnesses))])
def test_a_key_reads_back_as_written(text):
    key = parse_key(text)
    assert str(key) == text
    assert key.id.hex() == text.split("+")[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("PeterNeumann", "Peter"),
        PETER.replace("+ARpc", "+Arpc"),
        PETER[:-1],
        PETER + "\n",
        "Peter Neumann" + PETER[12:],
        PETER[12:],
    ],
)
def test_a_key_of_another_form_is_not_read(text):
    with pytest.raises(ValueError, match=r"key|base64|padding|data"):
        parse_key(text)


def test_published_note_is_read_and_its_signatures_are_right():
    keys = [parse_key(PETER), parse_key(ENOCH)]
    assert parse_note(f"{TEXT}\n{PETERS}{ENOCHS}")[0] == TEXT
    assert signers(f"{TEXT}\n{PETERS}{ENOCHS}", keys) == ["PeterNeumann", "EnochRoot"]
    assert signers(f"{TEXT}\n{PETERS}{ENOCHS}", keys[1:]) == ["EnochRoot"]
    with pytest.raises(ValueError, match="PeterNeumann is not right"):
        signers(f"{TEXT.replace('If', 'if')}\n{PETERS}", keys)


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}{PETERS}",
        f"{TEXT}\n{PETERS}"[:-1],
        f"{TEXT}\n{PETERS}\n",
        f"{TEXT}\n{PETERS} \n",
        f"{TEXT}\n{PETERS.replace('—', '-')}",
        f"{TEXT}\n{PETERS.replace('PeterNeumann', 'Peter+Neumann')}",
        f"{TEXT}\n{PETERS.replace('PeterNeumann', 'Peter Neumann')}",
        f"{TEXT}\n— PeterNeumann x08gow==\n",
        f"{TEXT}\n— PeterNeumann x08go/ZJ\r\n",
        f"\t{TEXT}\n{PETERS}",
    ],
)
def test_a_note_of_another_form_is_not_read(note):
    with pytest.raises(ValueError, match=r"note|signature|key|base64|padding"):
        parse_note(note)


def test_text_with_an_empty_line_is_cut_at_the_last():
    note = sign_note("one\n\ntwo\n", LOG)
    assert parse_note(note)[0] == "one\n\ntwo\n"
    assert signers(note, [LOG.verifier]) == [LOG.name]


@pytest.mark.parametrize("text", ["no newline", "a\ttab\n", "a return\r\n"])
def test_text_that_no_note_may_hold_is_a_bug(text):
    with pytest.raises(AssertionError):
        sign_note(text, LOG)


def test_a_signature_line_is_name_key_id_and_signature():
    _, [line] = parse_note(sign_note("text\n", LOG))
    assert (line.name, line.key_id, len(line.signature)) == (LOG.name, LOG.verifier.id, 64)
    Ed25519PublicKey.from_public_bytes(LOG.verifier.public).verify(line.signature, b"text\n")


def test_a_cosignature_signs_the_time_and_the_checkpoint():
    note = add_cosignature(sign_note("a.example/log\n0\n" + "A" * 43 + "=\n", LOG), WITNESSES[0], STAMP)
    _, [_, line] = parse_note(note)
    assert (line.name, line.key_id) == (WITNESSES[0].name, WITNESSES[0].verifier.id)
    assert line.signature[:8] == STAMP.to_bytes(8, "big")
    message = f"cosignature/v1\ntime {STAMP}\na.example/log\n0\n{'A' * 43}=\n".encode()
    Ed25519PublicKey.from_public_bytes(WITNESSES[0].verifier.public).verify(line.signature[8:], message)
    assert WITNESSES[0].verifier.kind == COSIGNATURE == 4


def test_a_witness_key_signs_no_plain_note_and_a_log_key_cosigns_nothing():
    with pytest.raises(AssertionError):
        sign_note("text\n", WITNESSES[0])
    with pytest.raises(AssertionError):
        add_cosignature(checkpoint(the_log()), LOG, STAMP)


def test_a_witness_cosigns_only_a_checkpoint():
    with pytest.raises(ValueError, match="checkpoint"):
        add_cosignature(sign_note("pay 100 yuan\n", LOG), WITNESSES[0], STAMP)


ROOT = base64.b64encode(bytes(32)).decode()


def test_a_checkpoint_is_origin_size_root_and_extensions():
    text = checkpoint_text("a.example/log", 20, bytes(32), ["night 2026-01-31"])
    assert text == f"a.example/log\n20\n{ROOT}\nnight 2026-01-31\n"
    assert parse_checkpoint(text) == ("a.example/log", 20, bytes(32), ("night 2026-01-31",))


@pytest.mark.parametrize(
    "text",
    [
        f"a\n1\n{ROOT}",
        f"a\n01\n{ROOT}\n",
        f"a\n-1\n{ROOT}\n",
        f"a\n１\n{ROOT}\n",
        f"a\n1\n{ROOT[:-1]}\n",
        f"a\n1\n{ROOT[4:]}\n",
        f"\n1\n{ROOT}\n",
        f"a\n1\n{ROOT}\n\nmore\n",
        "a\n1\n",
    ],
)
def test_a_checkpoint_of_another_form_is_not_read(text):
    with pytest.raises(ValueError, match=r"checkpoint|base64|padding"):
        parse_checkpoint(text)


FILE = keys_text(KEYS.log, dict(zip(("auditor", "core", "funder"), KEYS.witnesses, strict=True)), 2)


def test_a_file_of_keys_says_whom_to_trust_and_how_many():
    assert parse_keys(FILE) == (KEYS, POLICY)
    assert parse_keys(f"# ours\n\n{FILE}") == (KEYS, POLICY)
    assert parse_keys(keys_text(KEYS.log, {})) == ((KEYS.log, ()), (0, ()))


LINES = FILE.splitlines()
TWIN = SigningKey.of_seed("twin.example/witness", bytes([1] * 32), COSIGNATURE).verifier


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n".join(LINES[1:]),
        "\n".join(LINES[:-1]),
        "\n".join([LINES[0], *LINES]),
        FILE + "quorum none\n",
        FILE.replace("partners 2", "partners 4"),
        FILE.replace("partners 2", "partners 0"),
        FILE.replace("partners 2", "partners two"),
        FILE.replace("2 auditor core", "2 auditor auditor"),
        FILE.replace("2 auditor", "2 nobody"),
        FILE.replace("quorum partners", "quorum all"),
        FILE + "trust everyone\n",
        FILE.replace("witness core", "witness auditor"),
        FILE.replace("quorum", f"witness twin {TWIN}\nquorum"),
        FILE.replace("quorum", f"witness log {LOG.verifier}\nquorum"),
        f"log {KEYS.witnesses[0]}\nquorum none\n",
        FILE.replace(str(KEYS.log), str(KEYS.log)[:-4]),
    ],
)
def test_a_file_of_keys_that_says_less_or_more_is_not_read(text):
    with pytest.raises(Unreadable, match="keys"):
        parse_keys(text)
