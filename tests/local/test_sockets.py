import socket

import pytest

from infra.local.problems import LocalProblem
from infra.local.sockets import LOOPBACK, free_port, listener


def test_a_port_that_is_taken_is_named_with_the_way_to_another() -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(LocalProblem, match=f"Port {port} is taken.*PORT=\\.\\.\\."):
            listener(port, variable="PORT")


def test_a_port_that_was_asked_for_is_bound_on_loopback() -> None:
    port = free_port()

    with listener(port, variable="PORT") as bound:
        assert bound.getsockname() == (LOOPBACK, port)
