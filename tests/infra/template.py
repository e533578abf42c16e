"""A synthesized template, with its references in words."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Properties = dict[str, Any]

# CDK ends logical ids with a hash of the path, and names exports after them.
HASH = re.compile(r"[0-9A-F]{8}$")
EXPORT = re.compile(r"\w+:ExportsOutput(Ref|FnGetAtt)(\w+?)[0-9A-F]{8}(\w*?)[0-9A-F]{8}$")


@dataclass(frozen=True)
class Template:
    body: dict[str, Any]

    @classmethod
    def read(cls, assembly: Path, stack: str) -> "Template":
        return cls(json.loads((assembly / f"{stack}.template.json").read_text()))

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.body["Resources"]
        return found

    def all(self, kind: str) -> dict[str, Properties]:
        """The properties of every resource of one type, by readable name."""
        return {
            plain(id_): each.get("Properties", {})
            for id_, each in self.resources.items()
            if each["Type"] == kind
        }

    def functions(self) -> dict[str, Properties]:
        """By name, such as PaymentsApi."""
        found = self.all("AWS::Lambda::Function")
        return {name.removesuffix("Function"): each for name, each in found.items()}

    def mapping(self, function: str) -> Properties:
        """The one event source of a function."""
        [found] = [
            each
            for each in self.all("AWS::Lambda::EventSourceMapping").values()
            if in_words(each["FunctionName"]) == f"{function}Function"
        ]
        return found

    def what_waits_for(self, policy: str) -> set[str]:
        """The types of the resources that are made after a role has its rights."""
        return {
            each["Type"]
            for each in self.resources.values()
            if policy in {plain(id_) for id_ in each.get("DependsOn", [])}
        }

    def statements(self) -> dict[str, list[dict[str, Any]]]:
        """What each role may do, by the name of the role."""
        found: dict[str, list[dict[str, Any]]] = {}
        for policy in self.all("AWS::IAM::Policy").values():
            for role in policy["Roles"]:
                found.setdefault(plain(role["Ref"]), []).extend(
                    policy["PolicyDocument"]["Statement"]
                )
        return found


def plain(logical_id: str) -> str:
    return HASH.sub("", logical_id)


def in_words(value: Any) -> str:
    """A reference as text: `Ledger.Arn/index/by_user`."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return plain(name)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{plain(name)}.{attribute}"
        case {"Fn::ImportValue": export}:
            found = EXPORT.match(export)
            assert found, export
            kind, name, attribute = found.groups()
            return f"{name}.{attribute}" if kind == "FnGetAtt" else str(name)
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(in_words(part) for part in parts)
    message = f"not a reference: {value!r}"
    raise ValueError(message)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
