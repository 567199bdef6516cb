"""The sweep: due pointers become reminder rows, a batch of obligations per claiming statement.

On PostgreSQL one statement locks a batch (rows another sweep holds are skipped), advances its pointers and records a
row per recipient. SQLite cannot change two tables in one statement: there a write transaction, which excludes every
other sweep, holds two. Either way the pointer and the rows commit together, and a repeated recording is refused by the
unique constraint, not by a lock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts import journal
from accounts.scoping import SYSTEM
from obligations.services.reminders.queue import MESSAGE_SIZE, enqueue

# Obligations a transaction. On SQLite, where one writer excludes all others, fewer and larger ones are better.
BATCH = {"postgresql": 2500, "sqlite": 5000}
CHAIN = "reminders"

# Of each level the latest step that is due: what a delay let pile up is merged into it. `audience` names the group of
# people a step addresses, so that people are looked up once a group, not once a row.
_STEPS = """
    ranked AS (
        SELECT c.id, c.contract_id, c.policy, c.obligor, COALESCE(c.keeper_id, 0) AS keeper_id, c.due_number,
               s.step, s.level, s.send_at,
               c.contract_id || ':' || COALESCE(c.keeper_id, 0) || ':' || s.level || ':' || c.obligor || ':' || c.policy
               AS audience,
               ROW_NUMBER() OVER (PARTITION BY c.id, s.level ORDER BY s.send_at DESC, s.step DESC) AS place
          FROM claimed c
          JOIN obligations_reminderstep s
            ON s.obligation_id = c.id AND s.due_number = c.due_number AND s.send_at <= %(now)s
         WHERE c.state = 'open'
    ),
    steps AS (SELECT * FROM ranked WHERE place = 1),
    groups AS (SELECT DISTINCT audience, contract_id, policy, obligor, keeper_id, level FROM steps),
    people AS (
        SELECT g.audience, u.id AS user_id
          FROM groups g
          JOIN contracts_contract k ON k.id = g.contract_id
          JOIN obligations_reminderaudience a
            ON a.contract_id = g.contract_id AND a.policy = g.policy AND a.obligor = g.obligor AND a.level = g.level
          JOIN accounts_user u ON u.party_id = a.party_id AND u.is_active
          JOIN accounts_membership m ON m.user_id = u.id AND m.role_id = a.role AND m.revoked_at IS NULL
          LEFT JOIN accounts_user keeper ON keeper.id = g.keeper_id AND keeper.is_active
         WHERE (a.role <> 'IT' OR k.department = '' OR u.department = '' OR u.department = k.department)
           AND (g.level > 0 OR keeper.id IS NULL OR keeper.party_id <> a.party_id)
         UNION
        SELECT g.audience, keeper.id
          FROM groups g JOIN accounts_user keeper ON keeper.id = g.keeper_id AND keeper.is_active
         WHERE g.level = 0
    )
"""
_COLUMNS = "(obligation_id, due_number, step, recipient_id, state, send_at, created_at, attempts, error)"
_NEXT = """(SELECT MIN(n.send_at) FROM obligations_reminderstep n
             WHERE n.obligation_id = obligations_obligation.id
               AND n.due_number = obligations_obligation.due_number AND n.send_at > %(now)s)"""

# Assembled from the constants above; values are bound.
POSTGRES = f"""
WITH due AS MATERIALIZED (
        SELECT id FROM obligations_obligation WHERE next_reminder_at <= %(now)s
         ORDER BY next_reminder_at LIMIT %(size)s + 1 FOR UPDATE SKIP LOCKED
    ),
    batch AS MATERIALIZED (SELECT id FROM due LIMIT %(size)s),
    claimed AS (
        UPDATE obligations_obligation SET next_reminder_at = {_NEXT}
          FROM batch WHERE obligations_obligation.id = batch.id
     RETURNING obligations_obligation.id, contract_id, policy, obligor, keeper_id, due_number, state
    ),
    {_STEPS},
    -- One row that maps audiences to people. A plain join would be planned as a loop of steps over people: the planner
    -- expects hardly any row to be due, whatever the number is in truth.
    roll AS (
        SELECT jsonb_object_agg(audience, users) AS users
          FROM (SELECT audience, jsonb_agg(user_id) AS users FROM people GROUP BY audience) AS grouped
    ),
    recorded AS (
        INSERT INTO obligations_reminder {_COLUMNS}
        SELECT s.id, s.due_number, s.step, p.user_id::bigint, 'waiting', s.send_at, %(now)s, 0, ''
          FROM steps s CROSS JOIN roll
         CROSS JOIN LATERAL jsonb_array_elements_text(roll.users -> s.audience) AS p (user_id)
            ON CONFLICT DO NOTHING
     RETURNING id
    )
SELECT (SELECT count(*) FROM batch), (SELECT count(*) FROM due), (SELECT json_agg(id) FROM recorded)
"""  # nosec B608
_SQLITE_BATCH = """SELECT id FROM obligations_obligation WHERE next_reminder_at <= %(now)s
                    ORDER BY next_reminder_at, id LIMIT %(size)s"""
SQLITE_RECORD = f"""
WITH claimed AS (
        SELECT id, contract_id, policy, obligor, keeper_id, due_number, state
          FROM obligations_obligation WHERE id IN ({_SQLITE_BATCH})
    ),
    {_STEPS}
INSERT INTO obligations_reminder {_COLUMNS}
SELECT s.id, s.due_number, s.step, p.user_id, 'waiting', s.send_at, %(now)s, 0, ''
  FROM steps s JOIN people p ON p.audience = s.audience
 WHERE true
    ON CONFLICT DO NOTHING
RETURNING id
"""  # nosec B608
SQLITE_ADVANCE = f"""
UPDATE obligations_obligation SET next_reminder_at = {_NEXT} WHERE id IN ({_SQLITE_BATCH})
"""  # nosec B608


@dataclass(frozen=True, slots=True)
class SweepResult:
    """Obligations whose pointer moved, reminder rows recorded, messages queued."""

    obligations: int = 0
    reminders: int = 0
    messages: int = 0


def sweep(now: datetime, *, size: int | None = None) -> SweepResult:
    """Record everything due at `now` and queue it for dispatch, 100 rows a message.

    Each batch of `size` obligations (default: BATCH) is a transaction of its own with one journal entry; a crash
    loses the batch it was in, and the next sweep takes it again. Any number of sweeps may run at once.
    """
    obligations = reminders = messages = 0
    left: list[int] = []
    more = True
    while more:
        with transaction.atomic():
            claimed, more, ids = _record_batch(now, size or BATCH[connection.vendor])
            if claimed:
                journal.record(
                    SYSTEM, "reminder.sweep", chain=CHAIN, after={"obligations": claimed, "reminders": len(ids)}
                )
        obligations += claimed
        reminders += len(ids)
        left += ids
        full = len(left) - len(left) % MESSAGE_SIZE
        messages += enqueue(left[:full])
        left = left[full:]
    messages += enqueue(left)
    return SweepResult(obligations, reminders, messages)


def _record_batch(now: datetime, size: int) -> tuple[int, bool, Sequence[int]]:
    """(claimed obligations, whether more are due, ids of recorded reminders)."""
    # SQLite compares moments as text: an aware value must be written the way Django stores it.
    values: dict[str, Any] = {"now": connection.ops.adapt_datetimefield_value(now), "size": size}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES, values)
            claimed, seen, ids = cursor.fetchone()
            return claimed, seen > claimed, json.loads(ids) if isinstance(ids, str) else ids or []
        cursor.execute(SQLITE_RECORD, values)
        recorded = [row[0] for row in cursor.fetchall()]
        cursor.execute(SQLITE_ADVANCE, values)
        return cursor.rowcount, cursor.rowcount == size, recorded
