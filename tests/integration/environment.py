"""An execution environment of Lambda, as tests start and end it."""

from evenkeel import bootstrap


def forget() -> None:
    """Be as right after a cold start: nothing is built, nothing is known."""
    for builder in vars(bootstrap).values():
        if hasattr(builder, "cache_clear"):
            builder.cache_clear()
