"""All tests of replay need numpy, which is an extra."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="replay needs the extra `replay`")
