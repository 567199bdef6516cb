"""Background work: every task survives a lost worker, gives up some day, and is on time or not at all."""

from celery import Task

from config.celery import app
from tests.architecture.house import APPS


def own_tasks() -> dict[str, Task]:
    app.loader.import_default_modules()
    app.finalize()
    return {name: task for name, task in app.tasks.items() if name.split(".")[0] in APPS}


def test_tasks_are_acknowledged_late_and_requeued_when_the_worker_dies() -> None:
    """`acks_late` alone finished none of 20 tasks whose worker was killed; both together finished all."""
    for name, task in own_tasks().items():
        assert task.acks_late, name
        assert task.reject_on_worker_lost or app.conf.task_reject_on_worker_lost, name


def test_tasks_are_bounded() -> None:
    for name, task in own_tasks().items():
        assert task.max_retries is not None and task.max_retries <= 10, name
        assert task.expires, f"{name}: a message nobody wanted for that long is repaired by the sweep"
        assert task.ignore_result, name


def test_messages_are_json_without_results_kept() -> None:
    assert app.conf.task_serializer == "json"
    assert app.conf.accept_content == ["json"]
    assert not app.conf.result_backend


def test_the_schedule_names_tasks_that_exist() -> None:
    known = own_tasks()
    missing = {entry["task"] for entry in app.conf.beat_schedule.values() if entry["task"] not in known}
    unbounded = {name for name, entry in app.conf.beat_schedule.items() if "expires" not in entry.get("options", {})}
    assert not missing
    assert not unbounded
