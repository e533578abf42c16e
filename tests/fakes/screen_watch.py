from dataclasses import dataclass, field

from evenkeel.screening.anomaly import Anomaly
from evenkeel.screening.windows import Entry


@dataclass
class RecordingScreenWatch:
    errors: list[Exception] = field(default_factory=list)
    heard: list[tuple[Entry, Anomaly]] = field(default_factory=list)

    def unavailable(self, error: Exception) -> None:
        self.errors.append(error)

    def flagged(self, entry: Entry, anomaly: Anomaly) -> None:
        self.heard.append((entry, anomaly))
