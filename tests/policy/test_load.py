"""Policies, packs and `extends`."""

from __future__ import annotations

import json

import pytest

from kfm_audit.policy.load import PolicyError, load_policy
from kfm_audit.policy.model import duration
from kfm_audit.rules.judge import configure
from kfm_audit.rules.registry import built_in_rules
from kfm_audit.shipped import pack_file, pack_names

OVERRIDE = "policy: 1\nlakefs:\n  overrides:\n  - branches: [a]\n    reason: b\n"
NO_DURATION = "is not written as it must be: 90s, 10m, 24h, 7d, for example"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    return write


@pytest.mark.parametrize("pack", pack_names())
def test_packs_are_whole(pack):
    assert load_policy(pack).policy.name == pack


@pytest.mark.parametrize("pack", pack_names())
def test_what_a_run_trusts_of_a_pack_is_right(pack, write):
    """A run does not check what ships: keys of each pack by itself, its contract, the settings of its rules."""
    text = pack_file(pack).read_text()
    write("copy.yaml", text)
    copied = load_policy("copy.yaml")
    assert not copied.ships
    assert copied.policy == load_policy(pack).policy
    assert [setting.settings() for setting in configure(built_in_rules(), copied.policy)]
    write("copy.yaml", f"{text}\nnonsense: 1\n")
    with pytest.raises(PolicyError, match="nonsense"):
        load_policy("copy.yaml")


def test_maps_are_merged_and_lists_replaced(write):
    write("base.yaml", "policy: 1\nlakefs: {due: {correction: 1h, incident: 2h}, repositories: [a, b]}\n")
    write("ours.yaml", "policy: 1\nextends: base.yaml\nlakefs: {due: {incident: 3h}, repositories: [c]}\n")
    lakefs = load_policy("ours.yaml").policy.lakefs
    assert (lakefs.due.correction, lakefs.due.incident, lakefs.due.review) == ("1h", "3h", "72h")
    assert lakefs.repositories == ("c",)


def test_extends_is_relative_to_the_file(write):
    write("shared/base.yaml", "policy: 1\nextends: ../deeper/bottom.yaml\n")
    write("deeper/bottom.yaml", "policy: 1\ntelemetry: {max_values: 7}\n")
    write("ours.yaml", "policy: 1\nextends: shared/base.yaml\n")
    assert load_policy("ours.yaml").policy.telemetry.max_values == 7


def test_the_name_is_its_own(write):
    """A policy that departs from a pack must not go by the pack's name."""
    write("ours.yaml", "policy: 1\nextends: kfm-v11\n")
    assert load_policy("ours.yaml").policy.name == "ours"
    write("ours.yaml", "policy: 1\nname: hydrology\nextends: kfm-v11\n")
    assert load_policy("ours.yaml").policy.name == "hydrology"


def test_the_digest_is_of_what_is_meant(write):
    write("a/p.yaml", "policy: 1\nlakefs: {repositories: [a]}\nseverities: {TEL: note}\n")
    write("b/p.yaml", "# the same\nseverities:\n  TEL: note\nlakefs:\n  repositories:\n    - a\npolicy: 1\n")
    write(
        "c/p.json",
        json.dumps({"policy": 1, "lakefs": {"repositories": ["a"]}, "severities": {"TEL": "note"}}),
    )
    digests = {load_policy(f"{folder}").sha256 for folder in ("a/p.yaml", "b/p.yaml", "c/p.json")}
    assert len(digests) == 1
    write("b/p.yaml", "policy: 1\nlakefs: {repositories: [b]}\nseverities: {TEL: note}\n")
    assert load_policy("b/p.yaml").sha256 not in digests


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"ours.yaml": "a"}, "ours.yaml: a policy is a map of keys; begin it with `policy: 1`"),
        ({"ours.yaml": ""}, "ours.yaml: a policy is a map of keys; begin it with `policy: 1`"),
        ({"ours.yaml": "name: x\n"}, "ours.yaml: lacks the key `policy`"),
        ({"ours.yaml": "policy: 2\n"}, "ours.yaml:1 (policy): `2` is no value of this key: known are `1`"),
        (
            {"ours.yaml": "policy: 1\nextends: ours.yaml\n"},
            "ours.yaml: extends 'ours.yaml': ours.yaml: `extends` runs in a circle: ours.yaml -> ours.yaml",
        ),
        (
            {"ours.yaml": "policy: 1\nextends: a.yaml\n", "a.yaml": "policy: 1\nextends: ours.yaml\n"},
            (
                "ours.yaml: extends 'a.yaml': a.yaml: extends 'ours.yaml': ours.yaml: `extends` runs in a "
                "circle: ours.yaml -> a.yaml -> ours.yaml"
            ),
        ),
        (
            {"ours.yaml": "policy: 1\nextends: kfm-v1\n"},
            (
                "ours.yaml: extends 'kfm-v1': kfm-v1: no such policy file, and no pack of that name: did you "
                "mean `kfm-v11`?"
            ),
        ),
        (
            {"ours.yaml": "policy: 1\nextends: a.yaml\n", "a.yaml": "policy: 1\nlakfs: {}\n"},
            "ours.yaml: extends 'a.yaml': a.yaml:2 (lakfs): unknown key `lakfs`: did you mean `lakefs`?",
        ),
        (
            {"ours.yaml": "policy: 1\nlakefs:\n  due:\n    review: soon\n"},
            f"ours.yaml:4 (lakefs.due.review): {NO_DURATION}",
        ),
        (
            {"ours.yaml": f"{OVERRIDE}    due: {{review: 9}}\n"},
            "ours.yaml:6 (lakefs.overrides.0.due.review): expected text, got a whole number",
        ),
        (
            {"ours.yaml": f"{OVERRIDE}    due: {{review: 9w}}\n"},
            f"ours.yaml:6 (lakefs.overrides.0.due.review): {NO_DURATION}",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, files, message):
    for name, text in files.items():
        write(name, text)
    with pytest.raises(PolicyError) as raised:
        load_policy("ours.yaml")
    assert str(raised.value) == message


def test_json_too_is_refused_where_it_is_broken(write):
    for text in ("{", '{"policy": 1,}', "\x00", "[" * 100_000):
        write("ours.json", text)
        with pytest.raises(PolicyError, match=r"^ours\.json: "):
            load_policy("ours.json")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("24h", 86400), ("7d", 604800), ("0s", 0)]
)
def test_durations(text, seconds):
    assert duration(text).total_seconds() == seconds
