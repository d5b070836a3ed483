"""A name server that changes its mind leads the hub to no address that the guard does not admit."""

from __future__ import annotations

import socket

import pytest
from callbacks import Callbacks, until
from msgspec.structs import replace

NAME = "callback.example"
# The one stands for a public address, the other for our own machine.
PUBLIC, OWN = "127.0.0.2", "127.0.0.1"


class Places(Callbacks):
    """Callbacks on both addresses, at one port; ``reached``: which of them were connected to."""

    _hosts = 2

    def __init__(self):
        super().__init__()
        self.reached = []

    async def _answer(self, request):
        self.reached.append(request.transport.get_extra_info("sockname")[0])
        return await super()._answer(request)


@pytest.fixture
def places():
    with Places() as running:
        yield running


@pytest.fixture
def answers(monkeypatch):
    """What the name server says of NAME, one list of addresses a question; the last for ever."""
    said, system = [], socket.getaddrinfo

    def resolve(host, port, *args, **more):
        if host != NAME:
            return system(host, port, *args, **more)
        found = said.pop(0) if len(said) > 1 else said[0]
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return said


@pytest.fixture
def guarded(desk):
    hub = replace(desk.settings.hub, allow_networks=(f"{PUBLIC}/32",))
    desk.settings = replace(desk.settings, hub=hub)
    return desk


def asked(desk, places):
    callback = places.at("/push")
    assert desk.ask(callback.url.replace("127.0.0.1", NAME)).status == 202
    return callback


def test_public_when_asked_and_private_when_brought(guarded, places, answers):
    answers += [[PUBLIC], [OWN]]
    with guarded.telling():
        callback = asked(guarded, places)
        until(lambda: guarded.subscriptions() == 1)
    # Names are remembered for a while: the next telling asks anew.
    with guarded.telling():
        guarded.bring()
        until(lambda: guarded.counted["delivery", "failed"])
    assert places.reached == [PUBLIC]
    assert callback.brought == []


def test_what_was_admitted_is_what_is_connected_to(guarded, places, answers):
    """Nobody asks the name server once to look, and once more to connect."""
    answers += [[PUBLIC], [OWN]]
    with guarded.telling():
        asked(guarded, places)
        until(lambda: guarded.subscriptions() == 1)
        guarded.bring()
        until(lambda: guarded.counted["delivery", "delivered"])
    assert set(places.reached) == {PUBLIC}


@pytest.mark.parametrize("both", [[OWN, PUBLIC], [PUBLIC, OWN]])
def test_of_both_at_once_the_admitted_one_is_used(guarded, places, answers, both):
    answers.append(both)
    with guarded.telling():
        asked(guarded, places)
        until(lambda: guarded.subscriptions() == 1)
    assert set(places.reached) == {PUBLIC}


def test_private_from_the_first(guarded, places, answers):
    answers.append([OWN])
    with guarded.telling():
        asked(guarded, places)
        until(lambda: guarded.counted["verification", "failed"])
    assert places.reached == []
