"""Which URLs may be called back: a row on each side of each line."""

from ipaddress import ip_address

import pytest

from puhui.adapters.addresses import Target, is_public, read_networks, target_of
from puhui.kernel.refusals import Refusal

PUBLIC = ["1.1.1.1", "223.255.255.254", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]
NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",  # metadata of most clouds
    "100.100.100.200",  # metadata of one more, in shared space
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
    "64:ff9b:1::a9fe:a9fe",
    "2002:7f00:1::1",  # 6to4 of 127.0.0.1
    "2001:0:7f00:1::1",
    "::127.0.0.1",
    "::1.1.1.1",
    "fec0::1",
    "4000::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_not_public(address):
    assert not is_public(ip_address(address))


def refused(url, addresses=("1.1.1.1",), allowed=""):
    with pytest.raises(Refusal) as refusal:
        target_of(url, read_networks(allowed), lambda host, port: list(addresses))
    assert refusal.value.code == "WEBHOOK_ADDRESS"
    assert refusal.value.fields == ("url",)
    return refusal.value.message("en")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "partner.example/hook",
        "ftp://partner.example/",
        "file:///etc/passwd",
        "gopher://partner.example/",
        "https://",
        "https://user:secret@partner.example/",
        "https://@partner.example/",
        "https://partner.example/#part",
        "https://partner.example:99999/",
        "https://partner.example:port/",
        "https://[::1/",
        "https://partner.example/a b",
        "https://partner.example/\r\nX: y",
        "https://夥伴.example/",
        "https://partner.example/" + "a" * 2000,
    ],
)
def test_what_is_no_url_to_call(url):
    assert "https://" in refused(url)


def test_a_name_that_does_not_resolve():
    assert "partner.example does not resolve" in refused("https://partner.example/", ())


def test_one_address_inside_refuses_the_name():
    assert "not public" in refused("https://partner.example/", ("1.1.1.1", "10.0.0.1"))
    assert "not public" in refused("https://partner.example/", ("10.0.0.1", "1.1.1.1"))


def test_an_inside_address_with_a_zone():
    assert "not public" in refused("https://partner.example/", ("fe80::1%eth0",))


def test_plain_http_is_for_allowed_networks_only():
    assert "https" in refused("http://partner.example/")
    assert "https" in refused("http://partner.example/", ("1.1.1.1", "127.0.0.1"), "127.0.0.0/8")
    assert not target_of("http://partner.example/", read_networks("127.0.0.0/8"), lambda *_: ["127.0.0.1"]).tls


def test_an_allowed_network_ends_where_it_says():
    def target(address):
        return target_of("https://partner.example/", read_networks("10.1.0.0/16, fd00::/8"), lambda *_: [address])

    assert target("10.1.255.255").address == "10.1.255.255"
    assert target("fd00::1").address == "fd00::1"
    with pytest.raises(Refusal):
        target("10.2.0.0")


def test_the_parts_of_a_url():
    def target(url):
        return target_of(url, resolver=lambda host, port: ["1.1.1.1"])

    assert target("https://partner.example") == Target(True, "partner.example", 443, "/", "1.1.1.1")
    assert target("https://partner.example:8443/a?b=c") == Target(True, "partner.example", 8443, "/a?b=c", "1.1.1.1")
    assert target("https://partner.example:8443/").host_header == "partner.example:8443"
    assert target("https://partner.example:443/").host_header == "partner.example"
    assert target("https://[2606:4700::1111]/").host_header == "[2606:4700::1111]"


def test_numbers_that_stand_for_an_address_are_resolved_like_names():
    for host in ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(Refusal):
            target_of(f"https://{host}/")


def test_networks_that_are_none():
    with pytest.raises(Refusal) as refusal:
        read_networks("10.0.0.0/8, partner.example")
    assert refusal.value.code == "INPUT_INVALID"
    with pytest.raises(Refusal):
        read_networks("10.0.0.1/8")
    assert read_networks("") == ()
