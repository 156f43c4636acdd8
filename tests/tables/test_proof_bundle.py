"""Bundles: what each lie about a log looks like to the verifier, row by row."""

import base64
import json
from dataclasses import replace

import pytest

from proof_example import (
    FACTS_LEAVES,
    KEYS,
    LOG,
    NAME,
    POLICY,
    STAMP,
    WITNESSES,
    checkpoint,
    entries,
    loan_bundle,
    the_log,
    whole_bundle,
)
from puhui.kernel.refusals import Refusal
from puhui.proof.bundle import LEAVES, WHOLE_LOG, Entry, State, make_bundle, subject
from puhui.proof.leaf import Opening
from puhui.proof.note import Quorum, SigningKey, TrustedKeys
from puhui.proof.verify import Unreadable, canonical, verify_bundle

CHECKS = ["form", "policy", "checkpoint", "checkpoint quorum", "leaves", "inclusion", "personal"]
WITH_OLDER = [*CHECKS[:4], "older", "older quorum", *CHECKS[4:], "consistency"]


def verified(bundle, keys=KEYS, policy=POLICY, seen=None):
    return verify_bundle(bundle, keys, policy, seen)


def problems(bundle, **more):
    """Return what failed: check -> problem."""
    return {check.name: check.problem for check in verified(bundle, **more).checks if not check.passed}


def changed(bundle, edit):
    """Return the bundle after `edit` of its content, in canonical form again."""
    data = json.loads(bundle)
    edit(data)
    return canonical(data) + b"\n"


def test_a_loan_is_verified_and_the_report_lists_each_check():
    report = verified(loan_bundle())
    assert report.verified
    assert [check.name for check in report.checks] == WITH_OLDER
    assert report.covers == {"scope": "subject", "subject": "loan_a", "count": 3}
    assert (report.size, report.root) == (5, the_log().root())
    assert report.cosigned_seconds == {key.name: STAMP for key in WITNESSES[:2]}


def test_the_whole_log_is_verified_without_proofs():
    report = verified(whole_bundle())
    assert report.verified
    assert [check.name for check in report.checks] == CHECKS
    assert report.covers == {"scope": "log", "count": 5}


@pytest.mark.parametrize("older", [0, 1, 2, 3, 4, 5, None])
def test_every_older_checkpoint_leads_to_the_newer(older):
    assert verified(loan_bundle(older)).verified


def test_single_leaves_at_an_earlier_size():
    log = the_log()
    bundle = make_bundle(log, entries()[1:2], LEAVES, State(checkpoint(log, 3), POLICY))
    assert verified(bundle).verified
    assert verified(bundle).size == 3


def drop(place):
    return lambda data: (data["leaves"].pop(place), data["covers"].update(count=len(data["leaves"])))


def swap(data):
    data["leaves"][0], data["leaves"][1] = data["leaves"][1], data["leaves"][0]


def swap_indexes(data):
    first, second = data["leaves"][:2]
    first["leaf"], second["leaf"] = second["leaf"], first["leaf"]


def put(*path, value):
    def edit(data):
        for step in path[:-1]:
            data = data[step]
        data[path[-1]] = value

    return edit


LOAN_LIES = [
    ("a leaf dropped", lambda data: data["leaves"].pop(1), {"leaves": "count"}),
    ("and the count mended", drop(1), {"leaves": "gap"}),
    ("the first dropped", drop(0), {"leaves": "gap"}),
    ("none left", lambda data: (data["leaves"].clear(), data["covers"].update(count=0)), {"leaves": "count"}),
    ("two leaves change places", swap, {"leaves": "order"}),
    ("a leaf twice", lambda data: data["leaves"].insert(0, data["leaves"][0]), {"leaves": "count"}),
    ("two contents change places", swap_indexes, {"leaves": "gap", "inclusion": "inclusion", "personal": "personal"}),
    ("an amount", put("leaves", 1, "leaf", "body", "amount_minor", value=1), {"inclusion": "inclusion"}),
    ("a day", put("leaves", 1, "leaf", "effective_on", value="2026-01-04"), {"inclusion": "inclusion"}),
    ("another place", put("leaves", 0, "index", value=1), {"inclusion": "inclusion"}),
    ("a place outside", put("leaves", 2, "index", value=5), {"inclusion": "inclusion"}),
    ("another subject", put("covers", "subject", value="loan_b"), {"leaves": "other_subject"}),
    ("claimed as the whole log", put("covers", value={"scope": "log", "count": 3}), {"inclusion": "not_whole"}),
    ("a name", put("leaves", 0, "disclosed", "name", "value", value="李四"), {"personal": "personal"}),
    (
        "a salt",
        put("leaves", 0, "disclosed", "name", "salt", value=base64.b64encode(bytes(32)).decode()),
        {"personal": "personal"},
    ),
    (
        "a part the leaf does not have",
        put("leaves", 1, "disclosed", "name", value={"salt": base64.b64encode(bytes(32)).decode(), "value": 1}),
        {"personal": "personal"},
    ),
    ("a weaker quorum", put("policy", "required", value=1), {"policy": "policy_differs"}),
    ("no older proof", put("older", "proof", value=[]), {"consistency": "consistency"}),
    ("older and newer change places", None, {"consistency": "shrunk", "inclusion": "inclusion"}),
    ("another format", put("format", value="puhui-proof/2"), {"form": "format"}),
    ("a further field", put("note", value="trust me"), {"form": "shape"}),
    ("a field less", lambda data: data.pop("older"), {"form": "shape"}),
    ("an unknown scope", put("covers", "scope", value="most"), {"form": "shape"}),
    ("a further figure", put("leaves", 0, "leaf", "body", "rate", value="half"), {"inclusion": "inclusion"}),
    ("a hash too short", put("older", "proof", value=["QQ=="]), {"form": "shape"}),
    ("an index in words", put("leaves", 0, "index", value="0"), {"form": "shape"}),
    ("leaves in an object", put("leaves", value={}), {"form": "shape"}),
]


def swap_checkpoints(data):
    data["checkpoint"], data["older"]["checkpoint"] = data["older"]["checkpoint"], data["checkpoint"]


@pytest.mark.parametrize(("edit", "expected"), [row[1:] for row in LOAN_LIES], ids=[row[0] for row in LOAN_LIES])
def test_a_lie_is_seen(edit, expected):
    assert problems(changed(loan_bundle(), edit or swap_checkpoints)) == expected


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (drop(4), {"inclusion": "not_whole"}),
        (drop(2), {"inclusion": "not_whole"}),
        (swap, {"leaves": "order", "inclusion": "not_whole"}),
        (swap_indexes, {"inclusion": "root", "personal": "personal"}),
        (put("leaves", 3, "leaf", "body", "amount_minor", value=99), {"inclusion": "root"}),
        (put("leaves", 0, "proof", value=[base64.b64encode(bytes(32)).decode()]), {"inclusion": "root"}),
    ],
)
def test_a_lie_about_the_whole_log_is_seen(edit, expected):
    assert problems(changed(whole_bundle(), edit)) == expected


@pytest.mark.parametrize(
    ("cosigners", "expected"),
    [
        (WITNESSES[:0], {"checkpoint quorum": "quorum"}),
        (WITNESSES[:1], {"checkpoint quorum": "quorum"}),
        (WITNESSES[1:], {}),
        (WITNESSES, {}),
        (WITNESSES[:1] * 2, {"checkpoint": "signed_twice"}),
    ],
    ids=["none", "one", "two", "three", "one twice"],
)
def test_quorum_of_two_in_three(cosigners, expected):
    found = problems(loan_bundle(None, cosigners))
    assert {name: found[name] for name in found if name in expected} == expected
    assert bool(found) == bool(expected)


def test_a_witness_outside_the_group_does_not_count():
    policy = Quorum(1, POLICY.witnesses[2:])
    log = the_log()
    bundle = make_bundle(log, entries(), subject("loan_a"), State(checkpoint(log), policy))
    assert problems(bundle, policy=policy) == {"checkpoint quorum": "quorum"}


def test_without_a_quorum_the_logs_own_signature_is_enough():
    log = the_log()
    bundle = make_bundle(log, entries(), LEAVES, State(checkpoint(log, witnesses=()), Quorum()))
    assert verified(bundle, policy=Quorum()).verified
    assert problems(bundle) == {"policy": "policy_differs", "checkpoint quorum": "quorum"}


THIEF = SigningKey.of_seed(LOG.name, bytes([9] * 32))


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (TrustedKeys(THIEF.verifier, KEYS.witnesses), "stranger"),
        (TrustedKeys(KEYS.log._replace(name="other.example/log"), KEYS.witnesses), "origin"),
        (TrustedKeys(KEYS.log, KEYS.witnesses[1:]), "stranger"),
    ],
)
def test_other_keys_do_not_verify_it(keys, problem):
    found = problems(loan_bundle(None), keys=keys)
    assert found == {"checkpoint": problem, "checkpoint quorum": "no_checkpoint", "inclusion": "no_checkpoint"}


def edited_note(edit):
    return changed(loan_bundle(None), lambda data: data.update(checkpoint=edit(data["checkpoint"])))


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda note: note.replace("\n5\n", "\n6\n"), "signature"),
        (lambda note: note.replace("— puhui.example/log ", "— auditor.example/witness "), "stranger"),
        (lambda note: "".join(line for line in note.splitlines(True) if "— puhui" not in line), "unsigned"),
        (lambda note: note + "— friend.example/witness " + "A" * 96 + "\n", "stranger"),
        (lambda note: note[:-1], "note"),
        (lambda note: note.replace("\n5\n", "\n05\n"), "note"),
    ],
)
def test_a_note_that_was_touched(edit, problem):
    found = problems(edited_note(edit))
    assert found.get("checkpoint") == problem


def test_the_time_of_a_cosignature_is_signed_too():
    def later(data):
        *lines, last, end = data["checkpoint"].split("\n")
        name, raw = last.rsplit(" ", 1)
        signature = bytearray(base64.b64decode(raw))
        signature[11] ^= 1
        data["checkpoint"] = "\n".join([*lines, f"{name} {base64.b64encode(signature).decode()}", end])

    assert problems(changed(loan_bundle(None), later))["checkpoint"] == "signature"


def rewritten():
    """Return the log in which the operator has changed a repayment after the fact."""
    leaves = [*FACTS_LEAVES]
    leaves[2] = replace(leaves[2], body={"amount_minor": 1})
    return the_log(leaves)


def test_two_roots_at_one_size_are_a_split_view():
    other = checkpoint(rewritten())
    lie = put("older", value={"checkpoint": other, "proof": []})
    assert problems(changed(loan_bundle(), lie)) == {"consistency": "split_view"}
    assert problems(loan_bundle(), seen=other) == {"seen": "split_view"}


def test_a_rewritten_log_does_not_follow_from_the_older_one():
    other = checkpoint(rewritten(), 4)
    lie = put("older", "checkpoint", value=other)
    assert problems(changed(loan_bundle(4), lie)) == {"consistency": "consistency"}


@pytest.mark.parametrize(
    ("size", "expected"), [(3, {}), (5, {}), (4, {"seen": "not_reached"}), (0, {"seen": "not_reached"})]
)
def test_a_checkpoint_kept_from_before_must_be_in_the_bundle(size, expected):
    assert problems(loan_bundle(3), seen=checkpoint(the_log(), size)) == expected


def test_a_kept_checkpoint_must_be_the_logs():
    assert problems(loan_bundle(3), seen=checkpoint(the_log(), 3, key=THIEF)) == {"seen": "stranger"}
    assert problems(loan_bundle(3), seen="") == {"seen": "note"}


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"])
def test_what_is_not_json_is_unreadable(raw):
    with pytest.raises(Unreadable, match="bundle"):
        verified(raw)


@pytest.mark.parametrize("raw", [b"null\n", b"[]\n", b"{}\n", b'{"a":1.5}\n', b"NaN\n", b'"\\ud800"\n'])
def test_what_is_another_json_is_no_bundle(raw):
    assert problems(raw) == {"form": "shape"}
    assert not verified(raw).verified


@pytest.mark.parametrize(
    "edit",
    [
        lambda raw: raw[:-1],
        lambda raw: raw + b"\n",
        lambda raw: raw.replace(b'"count":3', b'"count": 3'),
        lambda raw: raw.replace(b'"count":3', b'"count":3,"count":3'),
        lambda raw: raw.replace("张三".encode(), b"\\u5f20\\u4e09"),
    ],
)
def test_a_bundle_has_one_form(edit):
    assert problems(edit(loan_bundle())) == {"form": "not_canonical"}


def test_a_bundle_is_not_made_of_what_would_not_verify():
    log, state = the_log(), State(checkpoint(the_log()), POLICY)
    other = replace(FACTS_LEAVES[0], sequence=9)
    wrong = [
        (log, [Entry(0, other)], LEAVES, state),
        (log, [Entry(1, FACTS_LEAVES[0])], LEAVES, state),
        (log, [Entry(0, FACTS_LEAVES[0], {"name": Opening(NAME.salt, "李四")})], LEAVES, state),
        (log, [Entry(0, FACTS_LEAVES[0], {"phone": NAME})], LEAVES, state),
        (log, entries(None)[:-1], WHOLE_LOG, state),
        (rewritten(), entries(), LEAVES, state),
        (the_log(FACTS_LEAVES[:4]), entries()[:1], LEAVES, state),
        (log, entries(), LEAVES, State("no note", POLICY)),
        (log, entries(), LEAVES, State(state.checkpoint, POLICY, checkpoint(rewritten()))),
    ]
    for arguments in wrong:
        with pytest.raises(Refusal) as refused:
            make_bundle(*arguments)
        assert refused.value.code == "PROOF_BUNDLE"
    with pytest.raises(Refusal, match="index must be from 0 to 2"):
        make_bundle(log, entries()[-1:], LEAVES, State(checkpoint(log, 3), POLICY))
