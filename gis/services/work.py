"""The worker: takes jobs in order, each in a process of its own that can be stopped or die.

A job that is stopped was in a transaction or wrote to its own folder: the register stays as it was.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import SQLAlchemyError

from gis.domain.rights import NOBODY, Actor
from gis.errors import ConfigError, ForbiddenError, GisError
from gis.files.alone import alone
from gis.files.unpacking.confine import end_with
from gis.services import access, handle_upload, queue_computation, uploads
from gis.services.clock import now
from gis.services.tasks import Job, Task
from gis.storage import accounts, dialect, jobs
from gis.workspace import Settings, Workspace, open_workspace

LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
WAIT_AFTER_ERROR_S = 5.0
RECOVER_EVERY_S = 3600.0
"""So often files that are kept no longer, and a new day, are looked for between jobs."""

VERBS: Mapping[str, Task] = {
    uploads.CHECK: handle_upload.CHECK_TASK,
    uploads.IMPORT: handle_upload.IMPORT_TASK,
    queue_computation.COMPUTE: queue_computation.TASK,
}
"""What a job can be."""


def work(ws: Workspace, *, ended: Callable[[], bool]) -> None:
    """Take jobs until told that it is over; one worker at a time works on a data folder.

    Raises
    ------
    ConfigError
        If another worker has this data folder.
    """
    with alone(ws.settings.data_dir / "worker.lock") as free:
        if not free:
            raise ConfigError("这个数据文件夹已有一个后台进程在处理任务")
        recover_at = 0.0
        while not ended():
            try:
                if time.monotonic() >= recover_at:
                    recover(ws)
                    queue_computation.start_daily(ws)
                    recover_at = time.monotonic() + RECOVER_EVERY_S
                job = _next(ws)
                if job is None:
                    time.sleep(LOOK_EVERY_S)
                else:
                    _run(ws, job, ended)
            except (SQLAlchemyError, ConfigError, OSError):
                LOGGER.exception("the database or this machine did not answer; trying again")
                recover_at = 0.0
                time.sleep(WAIT_AFTER_ERROR_S)


def run_waiting(ws: Workspace) -> None:
    """Do the jobs that wait, one after the other, in this process."""
    while (job := _next(ws)) is not None:
        perform(ws, job)


def recover(ws: Workspace) -> None:
    """Put right what an earlier worker left when it died, and delete what is kept no longer."""
    with access.writing(ws) as conn:
        for job in jobs.interrupt_all(conn, now()):
            task = VERBS[job["verb"]]
            if task.is_written(conn, job):
                jobs.finish(conn, job["id"], jobs.DONE, message=None, at=now())
            else:
                task.stopped(conn, job, INTERRUPTED)
    handle_upload.clear_old(ws)


INTERRUPTED = "处理被中断（服务停止或重启），库里没有任何改动：请重新开始"


def perform(ws: Workspace, job: Job) -> None:
    """Do a job and write down how it ended; an expected error is told to whoever asked for it."""
    task = VERBS[job["verb"]]
    state, message = jobs.DONE, None
    try:
        task.do(ws, _actor(ws, job), job)
    except GisError as error:
        state, message = jobs.FAILED, str(error)
    except Exception:  # a bug: logged, and told to whoever waits for the job
        LOGGER.exception("job %s failed", job["id"])
        state, message = jobs.FAILED, "程序出错，已记入服务器日志；库里没有任何改动"
    with access.writing(ws) as conn:
        jobs.finish(conn, job["id"], state, message=message, at=now())
        if message is not None:
            task.stopped(conn, job, message)


def _next(ws: Workspace) -> RowMapping | None:
    """Take the next job; looking for one does not take the database's write lock."""
    with dialect.reading(ws.engine) as conn:
        if not jobs.waiting(conn):
            return None
    with dialect.writing(ws.engine) as conn:
        return jobs.claim(conn, now())


def _run(ws: Workspace, job: RowMapping, ended: Callable[[], bool]) -> None:
    """Do a job in a child process; stop it where somebody asked, or the worker ends."""
    task = VERBS[job["verb"]]
    ws.engine.dispose()  # a connection must not be shared by two processes
    child = multiprocessing.get_context("fork").Process(
        target=_perform_apart, args=(ws.settings, dict(job), os.getpid())
    )
    child.start()
    cancelled = False
    try:
        while child.is_alive() and not cancelled and not ended():
            child.join(LOOK_EVERY_S)
            cancelled = task.should_stop(ws, job)
    finally:  # nobody goes on with a job that is no longer watched
        child.kill()
        child.join()
    if child.exitcode != 0:
        _say_stopped(ws, job, cancelled)


def _perform_apart(settings: Settings, job: Job, parent: int) -> None:
    """Do a job in a process of its own, which ends with the worker."""
    end_with(parent)
    ws = open_workspace(settings)
    try:
        perform(ws, job)
    finally:
        ws.engine.dispose()


def _say_stopped(ws: Workspace, job: RowMapping, cancelled: bool) -> None:
    """Write down that a job was stopped, unless it had come to its end before."""
    task = VERBS[job["verb"]]
    message = "已取消，库里没有任何改动" if cancelled else INTERRUPTED
    with access.writing(ws) as conn:
        found = jobs.load(conn, job["id"])
        if found is None or found["state"] != jobs.RUNNING:
            return
        if task.is_written(conn, job):  # it had just come to its end
            jobs.finish(conn, job["id"], jobs.DONE, message=None, at=now())
            return
        state = jobs.CANCELLED if cancelled else jobs.INTERRUPTED
        jobs.finish(conn, job["id"], state, message=message, at=now())
        task.stopped(conn, job, message)
        if cancelled:
            who = replace(NOBODY, name=job["actor"], address=job["arguments"]["address"])
            said = {name: job["arguments"][name] for name in TOLD if name in job["arguments"]}
            access.log(conn, who, "cancel", task.target, **said)


TOLD = ("upload",)
"""Arguments of a job that the audit log says of one that was cancelled."""


def _actor(ws: Workspace, job: Job) -> Actor:
    """Return who asked for a job, with the rights that they have now; nobody did: the day."""
    arguments = job["arguments"]
    if arguments.get("daily"):
        return queue_computation.DAILY
    with dialect.reading(ws.engine) as conn:
        account = accounts.load(conn, arguments["account"])
    if account is None or not account.active or account.must_change:
        raise ForbiddenError("发起这项处理的账号已停用")
    return account.actor(arguments["address"])
