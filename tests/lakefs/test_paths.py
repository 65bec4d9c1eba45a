from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.lakefs.named import Named, named
from kfm_audit.lakefs.operations import Operation
from kfm_audit.lakefs.paths import parts

RESET = Operation.HARD_RESET
# A name of dots alone is a step in a path, and no client can write it there.
NAMES = st.text(min_size=1).filter(
    lambda text: text.encode("utf-8", "ignore").decode() == text and text not in (".", "..")
)


def test_a_path_below_a_branch() -> None:
    assert named(
        RESET, "/api/v1/repositories/kfm/branches/env-prod/hard_reset?ref=9666d7c9daf3&force=false"
    ) == Named({"repository": "kfm", "branch": "env-prod"}, {"ref": "9666d7c9daf3", "force": "false"})
    assert named(RESET, "/api/v1/repositories/kfm/branches/b/hard_reset?ref=main%7E2") == Named(
        {"repository": "kfm", "branch": "b"}, {"ref": "main~2"}
    )


@pytest.mark.parametrize(
    "path",
    ["", "/", "/api/v1/repositories/kfm/branches", "/api/v1/repositories/kfm/branches/b/revert", "/x" * 9],
)
def test_other_paths_name_nothing(path) -> None:
    assert named(RESET, path) is None


def test_a_name_is_decoded_once_and_an_encoded_slash_makes_no_segment() -> None:
    base = "/api/v1/repositories/kfm/branches"
    assert named(Operation.REVERT, f"{base}/env%2Fprod/revert").part("branch") == "env/prod"
    assert named(Operation.REVERT, f"{base}/a%252Fb/revert").part("branch") == "a%2Fb"


def test_scheme_host_and_slashes_say_nothing() -> None:
    plain = Named({"repository": "kfm", "branch": "env-prod"}, {"ref": "http://x//y/"})
    for before in ("", "http://lakefs", "HTTPS://lakefs:8000", "/", "//", "http://h/"):
        for after in ("", "/", "//"):
            target = f"{before}/api/v1//repositories/kfm/branches/env-prod/hard_reset{after}?ref=http://x//y/"
            assert named(RESET, target) == plain


@given(NAMES, NAMES)
def test_members_of_any_name(group, user) -> None:
    path = f"/api/v1/auth/groups/{quote(group, safe='')}/members/{quote(user, safe='')}"
    assert named(Operation.ADD_MEMBER, path) == Named({"group": group, "user": user}, {})


@given(st.sampled_from(Operation), st.text())
def test_any_text_is_read_or_refused(operation, text) -> None:
    named(operation, text)
    parts(text)
