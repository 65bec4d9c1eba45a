"""The long names of regions, as CloudWatch writes them into its notifications (`Region`).

AWS General Reference, "Regions and Zones". `US East (N. Virginia)` and names in
`Asia Pacific`, `Canada` and `EU` were seen in real notifications. For Europe both
`EU (...)`, seen until 2022, and `Europe (...)`, the name in AWS's documents since,
are possible, as are two spellings of Sao Paulo and two names of GovCloud.
"""

from __future__ import annotations

from typing import Final

from kfm_audit.aws.message import SomeText, Text

_NAMES: Final = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-east-2": "Asia Pacific (Taipei)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-south-2": "Asia Pacific (Hyderabad)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-southeast-3": "Asia Pacific (Jakarta)",
    "ap-southeast-4": "Asia Pacific (Melbourne)",
    "ap-southeast-5": "Asia Pacific (Malaysia)",
    "ap-southeast-6": "Asia Pacific (New Zealand)",
    "ap-southeast-7": "Asia Pacific (Thailand)",
    "ca-central-1": "Canada (Central)",
    "ca-west-1": "Canada West (Calgary)",
    "il-central-1": "Israel (Tel Aviv)",
    "me-central-1": "Middle East (UAE)",
    "me-south-1": "Middle East (Bahrain)",
    "mx-central-1": "Mexico (Central)",
    "cn-north-1": "China (Beijing)",
    "cn-northwest-1": "China (Ningxia)",
}
_EUROPEAN: Final = {
    "eu-central-1": "Frankfurt",
    "eu-central-2": "Zurich",
    "eu-north-1": "Stockholm",
    "eu-south-1": "Milan",
    "eu-south-2": "Spain",
    "eu-west-1": "Ireland",
    "eu-west-2": "London",
    "eu-west-3": "Paris",
}
_DOUBTFUL: Final = {
    "sa-east-1": ("South America (Sao Paulo)", "South America (São Paulo)"),
    "us-gov-east-1": ("AWS GovCloud (US-East)", "AWS GovCloud (US East)"),
    "us-gov-west-1": ("AWS GovCloud (US-West)", "AWS GovCloud (US)", "AWS GovCloud (US West)"),
}


def region_name(code: str) -> Text:
    """The long name of a region; what is known of it where that is not certain."""
    if code in _NAMES:
        return _NAMES[code]
    if code in _EUROPEAN:
        return SomeText(one_of=(f"EU ({_EUROPEAN[code]})", f"Europe ({_EUROPEAN[code]})"))
    return SomeText(one_of=_DOUBTFUL.get(code, ()))
