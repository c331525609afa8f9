"""Races need committed rows, and everything that the unit ring has."""

from tests.functions.conftest import fake_engine, platform, settled, source_folder

__all__ = ["fake_engine", "platform", "settled", "source_folder"]
