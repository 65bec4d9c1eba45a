from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.lakefs.paths import BranchPath, MemberPath, branch_path, member_path

NAMES = st.text(min_size=1).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)


def test_a_path_below_a_branch() -> None:
    assert branch_path(
        "/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3&force=false"
    ) == BranchPath("kfm", "env-prod", "hard_reset", {"ref": "9666d7c9daf3", "force": "false"})
    assert branch_path("/api/v1/repositories/kfm/branches/env-prod") == BranchPath("kfm", "env-prod", "", {})
    assert branch_path("/api/v1/repositories/kfm/branches/b/objects/delete") == BranchPath(
        "kfm", "b", "objects/delete", {}
    )
    assert branch_path("/api/v1/repositories/kfm/branches/b/hard_reset?ref=main%7E2") == BranchPath(
        "kfm", "b", "hard_reset", {"ref": "main~2"}
    )


def test_other_paths_name_no_branch() -> None:
    for path in (
        "",
        "/",
        "/api/v1/repositories/kfm/branches",
        "/api/v1/repositories/kfm/refs/a/merge/b",
        "/x" * 9,
    ):
        assert branch_path(path) is None
    assert branch_path("/api/v1/repositories/kfm/branches/b/diff") is None


def test_a_name_is_decoded_once_and_an_encoded_slash_makes_no_segment() -> None:
    assert branch_path("/api/v1/repositories/kfm/branches/env%2Fprod/revert") == BranchPath(
        "kfm", "env/prod", "revert", {}
    )
    assert branch_path("/api/v1/repositories/kfm/branches/a%252Fb/revert") == BranchPath(
        "kfm", "a%2Fb", "revert", {}
    )


def test_scheme_host_and_slashes_say_nothing() -> None:
    plain = BranchPath("kfm", "env-prod", "hard_reset", {"ref": "http://x//y/"})
    for before in ("", "http://lakefs", "HTTPS://lakefs:8000", "/", "//", "http://h/"):
        for after in ("", "/", "//"):
            target = f"{before}/api/v1//repositories/kfm/branches/env-prod/hard_reset{after}?ref=http://x//y/"
            assert branch_path(target) == plain


@given(NAMES, NAMES)
def test_members_of_any_name(group, user) -> None:
    path = f"/api/v1/auth/groups/{quote(group, safe='')}/members/{quote(user, safe='')}"
    assert member_path(path) == MemberPath(group, user)


@given(st.text())
def test_any_text_is_read_or_refused(text) -> None:
    branch_path(text)
    member_path(text)
