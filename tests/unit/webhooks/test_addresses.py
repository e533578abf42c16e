"""Where we go for a client, and where we do not, however it is written."""

import pytest

from evenkeel.webhooks.addresses import (
    URL_LENGTH_MAX,
    Destination,
    Reach,
    UrlRefused,
    destination_of,
    is_reachable,
)

PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "100.63.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
]
LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1"]
INSIDE = [
    "0.0.0.0",  # noqa: S104 - Nothing listens here: it is what is refused.
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:93.184.216.34",
    "::ffff:127.0.0.1",
    "::10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::1",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
]
# The resolver only ever answers with addresses as they are written; anything else is none.
NO_ADDRESS = ["", "localhost", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "1.2.3.4.5"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reachable_from_everywhere(address: str) -> None:
    assert is_reachable(address, Reach.PUBLIC)
    assert is_reachable(address, Reach.LOCAL)


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_reachable_from_anywhere(address: str) -> None:
    assert not is_reachable(address, Reach.PUBLIC)
    assert not is_reachable(address, Reach.LOCAL)


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_is_reachable_on_the_local_stack_only(address: str) -> None:
    assert not is_reachable(address, Reach.PUBLIC)
    assert is_reachable(address, Reach.LOCAL)


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_address_is_not_reachable(text: str) -> None:
    assert not is_reachable(text, Reach.PUBLIC)
    assert not is_reachable(text, Reach.LOCAL)


@pytest.mark.parametrize(
    ("url", "destination"),
    [
        ("https://example.com", Destination("https", "example.com", 443, "/")),
        ("https://example.com:443/a", Destination("https", "example.com", 443, "/a")),
        (
            "https://Hooks.Example.COM/a?b=c",
            Destination("https", "hooks.example.com", 443, "/a?b=c"),
        ),
        ("HTTPS://example.com:8443/", Destination("https", "example.com", 8443, "/")),
        (
            "https://xn--bcher-kva.example/x%20y",
            Destination("https", "xn--bcher-kva.example", 443, "/x%20y"),
        ),
        ("https://a.b-c.1d.example/?", Destination("https", "a.b-c.1d.example", 443, "/")),
    ],
)
def test_a_url_at_a_public_name_is_taken(url: str, destination: Destination) -> None:
    assert destination_of(url, Reach.PUBLIC) == destination
    assert destination_of(url, Reach.LOCAL) == destination


REFUSED = [
    # Not https.
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "example.com/hook",
    "//example.com/hook",
    "https:example.com",
    "https:///hook",
    "https://",
    "",
    # Addresses, in every way to write one.
    "https://93.184.216.34/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://10.1/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fd00:ec2::254]/",
    "https://[2606:4700:4700::1111]/",
    "https://127.0.0.1.:443/",
    "https://%31%32%37.0.0.1/",
    # Names that are not public.
    "https://metadata/",
    "https://metadata.google.internal/",
    "https://instance-data.ec2.internal/",
    "https://printer.local/",
    "https://a.localhost/",
    "https://router.home.arpa/",
    "https://example.com./",
    "https://-a.example/",
    "https://a_b.example/",
    "https://a..example/",
    f"https://{'a' * 64}.example/",
    f"https://{'a.' * 130}example/",
    # Users, other ports, fragments.
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com@evil.example/",
    "https://@example.com/",
    "https://example.com:80/",
    "https://example.com:22/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:https/",
    "https://example.com/#a",
    "https://example.com/#",
    # What parsers do not agree about.
    "https://example.com\\@evil.example/",
    "https://example.com/a\\b",
    "https://example.com\t/",
    "https://exa\nmple.com/",
    " https://example.com/",
    "https://example.com/ x",
    "https://bücher.example/",
    "https://example。com/",
    "https://example.com/\x00",
    "https://[::1",
    "https://[example.com]/",
    "https://example.com/" + "x" * URL_LENGTH_MAX,
]


@pytest.mark.parametrize("url", REFUSED)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        destination_of(url, Reach.PUBLIC)
    with pytest.raises(UrlRefused):
        destination_of(url, Reach.LOCAL)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://127.0.0.1:8080/hook", "127.0.0.1:8080"),
        ("http://localhost/", "localhost"),
        ("https://localhost:9443/", "localhost:9443"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ],
)
def test_loopback_is_taken_on_the_local_stack_only(url: str, authority: str) -> None:
    assert destination_of(url, Reach.LOCAL).authority == authority
    with pytest.raises(UrlRefused):
        destination_of(url, Reach.PUBLIC)
