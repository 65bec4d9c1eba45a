"""Which files claim a kind by their name, found without asking every name about every file."""

from pathlib import Path, PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.inputs import KINDS
from kfm_audit.inputs.find import Search, find

NAMES = [name for kind in KINDS for name in kind.names]
PARTS = st.sampled_from(sorted({*"ab", *(part for name in NAMES for part in name.split("/"))}))


def claimed_at_once(path: PurePosixPath) -> bool:
    from kfm_audit.inputs.find import _Walker
    from kfm_audit.inputs.ignore import Hidden

    search = Search(paths=(), root=None, repository=None, base=Path(), kinds=KINDS)
    return _Walker(search, Hidden(None), {})._claimed(Path(path))


@given(
    st.lists(PARTS, min_size=1, max_size=4),
    st.text("abx", max_size=3),
    st.sampled_from(["", ".json", ".gz", "x"]),
)
def test_a_file_is_claimed_if_any_name_matches_it(parts, filling, more) -> None:
    path = PurePosixPath("/".join(parts).replace("*", filling or "x") + more)
    assert claimed_at_once(path) is any(path.match(name) for name in NAMES)


def test_action_files_of_any_ending_are_found(tmp_path) -> None:
    for name in ("gate.yaml", "gate", "gate.sh", ".hidden", "deeper/gate.yaml"):
        file = tmp_path / "_lakefs_actions" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("name: gate")
    (tmp_path / "other.yaml").write_text("name: gate")
    found, _ = find(Search(paths=(tmp_path,), root=None, repository=None, base=tmp_path, kinds=KINDS))
    assert [item.source.path for item in found] == [
        f"_lakefs_actions/{name}" for name in (".hidden", "gate", "gate.sh", "gate.yaml")
    ]
