"""The Celery application and its beat schedule. Each line says why it runs when it runs."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("luyuetai")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    # The database is the truth: every minute the sweep turns due pointers into reminder rows and queues them.
    "reminders-sweep": {
        "task": "obligations.tasks.reminders_sweep",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    # Rows whose message was lost with the queue (or whose worker was killed) are queued again.
    "reminders-requeue": {
        "task": "obligations.tasks.reminders_requeue",
        "schedule": 300.0,
        "options": {"expires": 280},
    },
    # Before sending starts at nine: daily steps are planned ahead, lost pointers found, holes reported.
    "reminders-prepare": {
        "task": "obligations.tasks.reminders_prepare",
        "schedule": crontab(hour=8, minute=30),
        "options": {"expires": 1500},
    },
    # Shortly after midnight in China: recurring duties enter the horizon, statuses roll to the new day.
    "obligations-materialise": {
        "task": "obligations.tasks.obligations_materialise",
        "schedule": crontab(hour=0, minute=10),
        "options": {"expires": 3600},
    },
    # After the roll of the night: what came late or was missed yesterday is on the docket in the morning.
    "penalty-clues": {
        "task": "penalties.tasks.penalty_clues",
        "schedule": crontab(hour=1, minute=10),
        "options": {"expires": 3600},
    },
    # In the quietest hours: what killed uploads left behind, and answers of forms nobody can send again.
    "files-sweep": {
        "task": "contracts.tasks.files_sweep",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600},
    },
    "idempotency-purge": {
        "task": "accounts.tasks.idempotency_purge",
        "schedule": crontab(hour=3, minute=40),
        "options": {"expires": 3600},
    },
    # Before work starts, so that a broken chain is on somebody's desk in the morning.
    "journal-verify": {
        "task": "accounts.tasks.journal_verify",
        "schedule": crontab(hour=5, minute=30),
        "options": {"expires": 3600},
    },
}
