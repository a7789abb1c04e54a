"""Clients of TLS trust what answers in place of their hosts; in a new process, as users have it."""

from checked import check, said


def test_httpx_aiohttp_and_urllib_trust_the_certificates_of_a_check() -> None:
    report = check("dependencies:secure_clients")
    assert said(report) == ["httpx {}", "aiohttp {}", "urllib 200"]
    assert report.findings == ()
    names = [each.name for each in report.dependencies]
    assert names == ["httpx.example.com", "aiohttp.example.com", "urllib.example.com", "fetch"]
