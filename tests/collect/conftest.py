"""A certificate, and what it takes to be believed."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp.connector
import pytest
from tunnel import HOST, certificate


@pytest.fixture(scope="session")
def pem(tmp_path_factory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), HOST)


@pytest.fixture
def trusted(pem, monkeypatch) -> Path:
    """The certificate, trusted as that of a public authority is."""
    roots = ssl.create_default_context(cafile=pem)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", roots)
    return pem
