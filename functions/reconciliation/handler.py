"""Compares payments, ledger and wallets: by the schedule, when asked, and where it was cut off."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.clock import Deadline, utc_now
from evenkeel.reconciliation.run import Run
from evenkeel.reconciliation.timetable import Pass
from functions.reconciliation.schema import COMMANDS, RestOfRun, RunReply, ScheduledRun, WantedRun

logger = Logger()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    request_id = context.aws_request_id
    logger.clear_state()
    logger.append_keys(request_id=request_id)
    deadline = Deadline.after(context.get_remaining_time_in_millis() / 1000)
    run = _run(COMMANDS.validate_python(event), request_id, deadline)
    if run is None:
        logger.error("there is no such run")
        return None
    reply = RunReply.of(run).model_dump(by_alias=True, mode="json")
    logger.info("reconciled", **reply)
    return reply


def _run(command: ScheduledRun | WantedRun | RestOfRun, by: str, deadline: Deadline) -> Run | None:
    engine, now = bootstrap.reconciliation(), utc_now()
    match command:
        case ScheduledRun():
            wanted = command.run(now, bootstrap.run_store().watermark())
            run = engine.run(wanted, by, deadline)
            if command.pass_ is Pass.RECENT:
                # What others have died over, or could not ask anybody to go on with.
                engine.resume_unfinished(by, deadline)
            return run
        case WantedRun():
            return engine.run(command.run(now), by, deadline)
        case RestOfRun():
            return engine.resume(command.run_id, by, deadline)
