from dataclasses import dataclass, field

from evenkeel.learning.occurrence import Occurrence
from evenkeel.screening.anomaly import Anomaly, Unusual
from evenkeel.screening.rules import Mode
from evenkeel.screening.windows import Entry


@dataclass
class RecordingScreenWatch:
    errors: list[Exception] = field(default_factory=list)
    heard: list[tuple[Entry, Anomaly]] = field(default_factory=list)

    def unavailable(self, error: Exception) -> None:
        self.errors.append(error)

    def flagged(self, entry: Entry, anomaly: Anomaly) -> None:
        self.heard.append((entry, anomaly))


@dataclass
class RecordingDetectionWatch:
    errors: list[Exception] = field(default_factory=list)
    heard: list[tuple[Occurrence, Unusual, Mode]] = field(default_factory=list)

    def found(self, occurrence: Occurrence, unusual: Unusual, mode: Mode) -> None:
        self.heard.append((occurrence, unusual, mode))

    def unshared(self, error: Exception) -> None:
        self.errors.append(error)
