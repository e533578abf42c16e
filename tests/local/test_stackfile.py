import json
from pathlib import Path

import pytest

from infra.local import stackfile
from infra.local.paths import StackFolder
from infra.local.problems import LocalProblem

OUTPUTS = {
    "EvenkeelData": {
        "TablePayments": "data-payments",
        "ExportsOutputRefPayments130453D3": "not for people",
    },
    "EvenkeelService": {
        "ApiId": "abc",
        "ApiUrl": "https://abc.execute-api.us-east-1.amazonaws.com/v1/",
        "FunctionWalletsApi": "service-wallets",
        "QueueLedgerQuarantine": "http://localhost:4566/000000000000/quarantine",
    },
}


def described() -> stackfile.Stack:
    return stackfile.described("http://127.0.0.1:1", "redis://127.0.0.1:2/0", OUTPUTS)


def test_it_names_things_as_people_do() -> None:
    stack = described()

    assert stack["apiUrl"] == "http://127.0.0.1:1/restapis/abc/v1/_user_request_"
    assert stack["tables"] == {"payments": "data-payments"}
    assert stack["functions"] == {"wallets_api": "service-wallets"}
    assert list(stack["queues"]) == ["ledger_quarantine"]


def test_only_its_owner_may_read_the_keys(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"

    stackfile.write(file, described())

    assert file.stat().st_mode & 0o777 == 0o600
    assert stackfile.read(file) == json.loads(json.dumps(described()))


def test_a_file_that_is_not_there_or_cut_off_is_none(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"apiUrl": ')

    assert stackfile.read(tmp_path / "none.json") is None
    assert stackfile.read(tmp_path / "cut.json") is None


@pytest.mark.parametrize("name", ["", "../other", "UPPER", "-first", "a" * 25])
def test_a_stack_cannot_be_named_so_that_it_leaves_its_folder(name: str) -> None:
    with pytest.raises(LocalProblem, match="STACK="):
        StackFolder(name)
