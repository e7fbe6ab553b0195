"""Rows ↔ the model's records."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from bot import record, storms
from bot.incidents import Flapping, Incident, TargetState
from bot.model import (
    Confidence,
    Delivery,
    Layer,
    Named,
    Report,
    Section,
    State,
    TransitionKind,
)
from bot.patterns import Sample
from bot.store.schema import samples

SAMPLE_FIELDS: Final = tuple(column.name for column in samples.columns)

CAUSE = ("cause_code", "cause_layer", "cause_section", "cause_confidence")
"""The columns of a cause, wherever one is kept."""

_log = logging.getLogger("wsdiag.store")


def report_body(report: Report) -> str:
    """A report as it is kept."""
    return json.dumps(record.to_json(report), ensure_ascii=False, separators=(",", ":"))


def report(body: str | None) -> Report | None:
    """A kept report; None where there is none, or where no version of ours can read it."""
    if body is None:
        return None
    try:
        return record.from_json(json.loads(body))
    except ValueError as error:  # RecordError and JSONDecodeError both are
        _log.warning("a saved report cannot be read and is left out: %s", error)
        return None


def places(report: Report | None) -> str:
    """What an incident may share with others, as it is kept."""
    return json.dumps(sorted(storms.places(report)) if report else [])


def cause_columns(cause: Named | None) -> dict[str, str | None]:
    """A cause as the four columns of incidents and transitions."""
    return {
        "cause_code": cause.code if cause else None,
        "cause_layer": cause.layer.value if cause else None,
        "cause_section": cause.section.value if cause else None,
        "cause_confidence": cause.confidence.value if cause else None,
    }


def cause(row: Row[Any]) -> Named | None:
    """The cause in a row of incidents."""
    if row.cause_code is None:
        return None
    return Named(
        row.cause_code,
        Layer(row.cause_layer),
        Section(row.cause_section),
        Confidence(row.cause_confidence),
    )


def incident(row: Row[Any]) -> Incident:
    """A row of incidents joined with its report's `body`."""
    return Incident(
        id=row.id,
        target=row.target,
        number=row.number,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        state=State(row.state),
        cause=cause(row),
        report=report(row.body),
    )


def sample(row: Row[Any]) -> Sample:
    """A row of samples."""
    return Sample(**{name: getattr(row, name) for name in SAMPLE_FIELDS})


def flapping_columns(state: TargetState) -> dict[str, object]:
    """What flapping goes by, as the columns of targets."""
    flapping = state.incident.flapping if state.incident else None
    return {
        "outages": json.dumps([moment.isoformat() for moment in state.outages]),
        "flapping_state": flapping.state.value if flapping else None,
        "flapping_since": flapping.since if flapping else None,
    }


def outages(row: Row[Any]) -> tuple[datetime, ...]:
    """When a target's latest outages began."""
    return tuple(datetime.fromisoformat(moment) for moment in json.loads(row.outages))


def flapping(row: Row[Any]) -> Flapping | None:
    """What a flapping target does, from its row of targets."""
    if row.flapping_state is None or row.flapping_since is None:
        return None
    return Flapping(State(row.flapping_state), row.flapping_since)


def delivery(row: Row[Any]) -> Delivery:
    """A row of deliveries joined with its incident and its group."""
    return Delivery(
        id=row.id,
        incident_id=row.incident_id,
        target=row.target,
        channel=row.channel,
        kind=TransitionKind(row.kind),
        at=row.at,
        state=State(row.state),
        cause=cause(row),
        worse=bool(row.worse),
        closed=row.closed_at is not None,
        group_id=row.group_id,
        begun_at=row.begun_at,
        attempts=row.attempts,
        retry_at=row.retry_at,
    )
