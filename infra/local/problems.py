"""What can go wrong on somebody's laptop; each message says what to do about it."""


class LocalProblem(Exception):
    """Ends a command with its message and no traceback."""
