"""The Java runtimes as they are registered: plain data from a name, and a template that can be filled in."""

from __future__ import annotations

from string import Template

import pytest

from runtimes.java import version


@pytest.mark.parametrize(
    ("name", "channel"), [("java8", "tcp"), ("java11", "tcp"), ("java16", "unix"), ("java17", "unix")]
)
def test_the_channel_is_tcp_where_java_has_no_unix_sockets(name: str, channel: str) -> None:
    assert version(name).channel == channel


def test_the_base_image_is_of_that_version() -> None:
    assert version("java8").base_image == "openjdk:8-jdk-slim"


@pytest.mark.parametrize("name", ["java", "java8u", "jdk8", "8"])
def test_a_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="java17"):
        version(name)


def test_the_template_has_no_other_placeholders() -> None:
    runtime = version("java17")
    text = Template(runtime.template.read_text()).substitute(base_image=runtime.base_image, labels='a="b"')
    assert 'FROM openjdk:17-jdk-slim\nLABEL a="b"\n' in text
