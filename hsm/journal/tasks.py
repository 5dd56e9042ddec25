"""What the key process does with its journal by itself: publish, anchor, index."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hsm.database import Database
from hsm.journal.anchor import Anchoring, read_anchors
from hsm.journal.log import Log
from hsm.journal.publish import Publisher
from hsm.journal.uses import Uses
from hsm.repeat import Repeat, Report

PUBLISH_SECONDS = 1.0
INDEX_SECONDS = 60.0
ANCHOR_RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class AnchorSettings:
    """``urls``: time-stamping authorities, asked in order; ``roots``: PEM of whom they must lead to."""

    urls: Sequence[str]
    roots: Path
    seconds: float


class JournalTasks:
    """``open()`` before the first checkpoint is signed, ``start()`` after, ``close()`` before the token."""

    def __init__(
        self,
        database: Database,
        seal: Callable[[int, bytes], str],
        verifier_key: str,
        *,
        publish_dir: Path | None,
        anchor: AnchorSettings | None,
        report: Report,
    ) -> None:
        self.uses = Uses(database)
        self._publisher: Publisher | None = None
        self._publish: Repeat | None = None
        self._others = [Repeat("index_uses", self.uses.catch_up, INDEX_SECONDS, report=report)]
        if publish_dir is None:
            return
        self._publisher = Publisher(publish_dir, Log(database.reader), seal, verifier_key)
        self._publish = Repeat("publish_journal", self._publisher.publish, PUBLISH_SECONDS, report=report)
        if anchor is not None:
            roots = read_anchors(anchor.roots)
            anchoring = Anchoring(publish_dir, verifier_key, anchor.urls, roots)
            self._others.append(
                Repeat(
                    "anchor_journal",
                    anchoring.anchor,
                    anchor.seconds,
                    retry=min(anchor.seconds, ANCHOR_RETRY_SECONDS),
                    report=report,
                )
            )

    def open(self) -> None:
        """Raises JournalRolledBack when more was published than the database has."""
        if self._publisher is not None:
            self._publisher.open()

    def start(self) -> None:
        if self._publish is not None:
            # What is to be anchored must be there, from the start.
            self._publish.attempt()
            self._publish.start()
        for task in self._others:
            task.start()

    def close(self) -> None:
        """Publish what came last."""
        for task in self._others:
            task.close()
        if self._publish is not None and self._publisher is not None:
            self._publish.close(last=True)
            self._publisher.close()
