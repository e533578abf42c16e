"""An interpreter that has nothing but its standard library, as Lambda's is before our layers."""

import subprocess
import sys


def bare_python(code: str) -> "subprocess.CompletedProcess[str]":
    """No site packages and no environment, so all that is found is what the code adds."""
    command = [sys.executable, "-I", "-S", "-B", "-c", code]
    return subprocess.run(  # noqa: S603 - the command is ours, and no shell reads it.
        command, env={}, capture_output=True, text=True, check=False
    )
