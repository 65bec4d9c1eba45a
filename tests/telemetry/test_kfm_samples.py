"""The customer's own samples (KFM cardinality patterns, v11.2.2): four must fail in CI, three must pass."""

import pytest

MUST_FAIL = {
    'kfm_ingest_total{http_url="https://waterdata.usgs.gov/nwis/uv?site_no=06892350"} 1': ["http_url"],
    'kfm_tile_build_seconds{stac_id="S2A_14SKJ_20251201_0_L2A"} 0.8': ["stac_id"],
    'kfm_graph_upserts_total{feature_id="7f3a9c04e1b2"} 12': ["feature_id"],
    'kfm_ingest_total{lat="38.9717",lon="-95.2353"} 1': ["lat", "lon"],
}
MUST_PASS = (
    (
        'kfm_ingest_total{dataset="usgs_hydro",status="ok"} 41\n'
        'kfm_ingest_total{dataset="ssurgo",status="error"} 2'
    ),
    'kfm_tile_build_seconds{layer="soil",zoom_bin="9-12"} 0.8',
    'kfm_graph_upserts_total{op="merge",dataset_release="v11.2.4"} 12',
)
RULES = "TEL001,TEL002,TEL003,TEL004"


def run(check, folder, sample):
    (folder / "metrics.prom").write_text(f"{sample}\n")
    return check("--select", RULES, ".", cwd=folder)


@pytest.mark.parametrize(
    ("sample", "keys"), MUST_FAIL.items(), ids=[",".join(keys) for keys in MUST_FAIL.values()]
)
def test_must_fail(check, tmp_path, sample, keys):
    code, report = run(check, tmp_path, sample)
    assert code == 1
    denied = [finding for finding in report["findings"] if finding["rule"] == "TEL003"]
    assert [(finding["severity"], finding["attribute"]) for finding in denied] == [
        ("error", f"labels/{key}") for key in keys
    ]


@pytest.mark.parametrize("sample", MUST_PASS)
def test_must_pass(check, tmp_path, sample):
    code, report = run(check, tmp_path, sample)
    assert (code, report["findings"]) == (0, [])
    assert report["rules"]["TEL002"] == {"tested": 1, "failed": 0, "pending": 0, "undecided": 0}


def test_values_without_end_fail_in_core_too_where_no_list_names_them(check, tmp_path):
    found = {}
    for sample, keys in MUST_FAIL.items():
        (tmp_path / "metrics.prom").write_text(f"{sample}\n")
        _, report = check("--select", RULES, "--policy", "core", ".", cwd=tmp_path)
        found[",".join(keys)] = [(finding["rule"], finding["verdict"]) for finding in report["findings"]]
    assert found == {
        "http_url": [("TEL002", "fail")],
        # An id without a known shape: one value says nothing, and `core` lists no labels.
        "stac_id": [("TEL002", "undecided")],
        "feature_id": [("TEL002", "fail")],
        "lat,lon": [("TEL002", "fail"), ("TEL002", "fail")],
    }


@pytest.mark.parametrize("key", ["environment", "env"])
def test_metrics_may_be_scoped_to_an_environment_by_its_name(check, tmp_path, key):
    code, report = run(check, tmp_path, f'kfm_ingest_total{{{key}="prod"}} 1')
    assert (code, report["findings"]) == (0, [])
    code, report = run(check, tmp_path, f'kfm_ingest_total{{{key}="production"}} 1')
    assert [(finding["rule"], finding["severity"]) for finding in report["findings"]] == [
        ("TEL004", "warning")
    ]
