"""Fixtures for all tests, from the modules that make them."""

pytest_plugins = ("tests.emulator", "tests.stack", "tests.valkey")
