import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfm_audit.telemetry.shapes import Shape, is_id_like, likeness, plain_key, shape_of

ENDLESS = {
    Shape.UUID: (
        "9cb471a5-5349-da48-0467-3b757ff2e341",
        "9CB471A5-5349-DA48-0467-3B757FF2E341",
        "{9cb471a5-5349-da48-0467-3b757ff2e341}",
        "urn:uuid:9cb471a5-5349-da48-0467-3b757ff2e341",
    ),
    Shape.EMAIL: ("ada@example.org", "ada+kfm@sub.example.co.uk"),
    Shape.URL: ("https://example.org/tiles/1", "s3://kfm-raw/2025/a.tif", "postgresql://db/kfm"),
    Shape.IP: ("10.0.3.4", "10.0.3.4:9100", "::1", "fe80::1%eth0", "[2001:db8::1]:443", "1:2:3:4:5:6:7:8"),
    Shape.TIME: ("2025-12-06T00:00:00Z", "2025-12-06 02:41", "2025-12-06T02-10Z", "20251206T021000Z"),
    Shape.EPOCH: ("1765022400", "1765022400.25", "1765022400123", "1765022400123456", "1765022400123456789"),
    Shape.RUN: ("run-2025-12-06T02-10Z-abc123", "etl_run_20251206", "run2025-12-06"),
    Shape.H3: ("880c72273ea38ff", "0880c72273ea38ff"),
    Shape.HEX: (
        "2ed77de7e4c1",
        "2b28fef02b9c014e",
        "sha256:0f343b0931126a20f133d67c2b018a3b",
        "0xdeadbeef0001",
    ),
    Shape.COORDINATE: ("38.9717", "-98.0741", "38.9717,-95.2353"),
    Shape.POD: ("api-7d9f8b6c4d-x2x9z", "kube-proxy-x7k2p"),
    Shape.PATH: (
        "/tiles/9/118/201",
        "data/raw/2025/a.tif",
        "tiles/201.pbf",
        "C:\\data\\file1.txt",
        "~/runs/7",
    ),
}

BOUNDED = (
    "",
    "ok",
    "prod",
    "9-12",
    "409",
    "v11.2.3",
    "11.2.345",
    "3.11.7",
    "CPython",
    "Allen",
    "us-gov-west-1",
    "usgs_hydro",
    "etl_hydrology_2025_v10.3.1",
    "cool-attribute-value",  # vowels: no suffix that Kubernetes makes
    "/dev/loop3",
    "/dev/disk/by-id/3",
    "/api/v2/items",
    "/v1/users/{id}/runs/{run}",
    "/users/:id/2",
    "application/vnd.api2+json",
    "image/jp2",
    "owner/repo2",
    "12:30:45",
    "7855550123",
    "111122223333",
    "2025-12-06",
    "2025-12",
    "std::string",
    "T2S",
    "deadbeef",
    "throughputmeasurement/1",
    "GET /tiles",
)


@pytest.mark.parametrize(
    ("shape", "value"), [(shape, value) for shape, values in ENDLESS.items() for value in values]
)
def test_a_value_of_which_there_is_always_another_has_its_shape(shape, value):
    assert shape_of(value) is shape


def test_every_shape_is_shown():
    assert set(ENDLESS) == set(Shape)


@pytest.mark.parametrize("value", BOUNDED)
def test_a_word_a_version_a_code_has_no_shape(value):
    assert shape_of(value) is None


@given(st.uuids())
def test_every_uuid_is_one(value):
    assert shape_of(str(value)) is Shape.UUID


@given(st.ip_addresses())
def test_every_address_is_one(value):
    assert shape_of(str(value)) is Shape.IP


@given(st.datetimes())
def test_every_timestamp_is_one(value):
    assert shape_of(value.isoformat()) is Shape.TIME


@given(st.text(string.ascii_letters + "_- ", max_size=40))
def test_words_have_no_shape(value):
    assert shape_of(value) is None


@given(st.text())
def test_any_text_has_a_shape_or_none(value):
    assert shape_of(value) in (None, *Shape)


@pytest.mark.parametrize("text", ["a-", "/a1", "::", "1.", "run-2025-12-06", "b-"])
def test_a_hostile_value_costs_no_more_than_a_short_one(text):
    assert shape_of(text * 100_000) in (None, *Shape)


def test_a_small_decimal_is_a_coordinate_only_under_a_name_that_says_so():
    objectives = ("0.999", "0.9995")
    assert likeness("objective", objectives) is None
    assert likeness("lat", objectives).values == objectives
    assert likeness("objective", ("38.9717",)).shape is Shape.COORDINATE


def test_likeness_names_the_commonest_shape_and_keeps_all_values_that_have_any():
    found = likeness("client", ("10.0.0.1", "ok", "10.0.0.2", "ada@example.org"))
    assert found.shape is Shape.IP
    assert found.values == ("10.0.0.1", "10.0.0.2", "ada@example.org")
    assert likeness("client", ("ok", "error")) is None


@pytest.mark.parametrize(
    ("key", "plain"),
    [
        ("RequestId", "request_id"),
        ("requestID", "request_id"),
        ("request.id", "request_id"),
        ("request-id", "request_id"),
        ("S3Path", "s3_path"),
        ("DLQName", "dlq_name"),
        ("k8s.pod.name", "k8s_pod_name"),
        ("status", "status"),
    ],
)
def test_a_key_is_the_same_however_it_is_written(key, plain):
    assert plain_key(key) == plain


@pytest.mark.parametrize(
    "key", ["user_id", "RequestId", "http_url", "lat", "tile_h3", "h3", "s3.path", "ts", "x", "id"]
)
def test_names_that_say_that_there_is_always_another(key):
    assert is_id_like(key)


@pytest.mark.parametrize(
    "key", ["status", "dataset", "period", "valid", "zoom_bin", "host", "layer", "axis", "method"]
)
def test_names_that_say_nothing_of_it(key):
    assert not is_id_like(key)
