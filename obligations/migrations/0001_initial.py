import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0002_append_only"),
        ("contracts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Obligation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("duty", models.CharField(max_length=60)),
                ("key", models.JSONField(blank=True, default=dict)),
                ("key_text", models.CharField(blank=True, max_length=120)),
                ("ref", models.CharField(blank=True, max_length=20)),
                ("title", models.CharField(max_length=240, verbose_name="obligation")),
                ("clause", models.CharField(max_length=80, verbose_name="clause")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("contractual", "Contractual"),
                            ("internal", "Internal target"),
                            ("external", "Third party"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "tracking",
                    models.CharField(
                        choices=[
                            ("once", "One-off"),
                            ("recurring", "Recurring"),
                            ("event", "Event-driven"),
                            ("standing", "Standing"),
                        ],
                        max_length=10,
                    ),
                ),
                ("category", models.CharField(blank=True, max_length=40, verbose_name="category")),
                ("group", models.CharField(blank=True, max_length=120, verbose_name="group")),
                ("lane", models.CharField(blank=True, max_length=20)),
                ("obligor", models.CharField(max_length=10, verbose_name="obligor")),
                ("obligee", models.CharField(blank=True, max_length=10, verbose_name="obligee")),
                ("obligor_name", models.CharField(blank=True, max_length=200)),
                ("policy", models.CharField(default="default", max_length=40)),
                ("role", models.CharField(blank=True, max_length=3)),
                (
                    "amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=18, null=True, verbose_name="amount at stake"
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("submitted", "Submitted"),
                            ("done", "Done"),
                            ("waived", "Waived"),
                            ("standing", "Standing"),
                            ("closed", "No longer applicable"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("done_on", models.DateField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("waiver_reason", models.CharField(blank=True, max_length=1000)),
                ("waived_at", models.DateTimeField(blank=True, null=True)),
                ("due_state", models.CharField(default="pending", max_length=12)),
                ("due_on", models.DateField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("safe_on", models.DateField(blank=True, null=True)),
                ("gate_open", models.BooleanField(default=True)),
                ("gate_late", models.BooleanField(default=False)),
                ("missing", models.JSONField(blank=True, default=list)),
                ("due_number", models.PositiveIntegerField(default=0)),
                ("next_reminder_at", models.DateTimeField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligations",
                        to="contracts.contract",
                    ),
                ),
                (
                    "keeper",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kept_obligations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("due_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=80)),
                ("message", models.CharField(max_length=60)),
                ("params", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "obligation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="obligations.obligation",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="DueVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("state", models.CharField(max_length=12)),
                ("due_on", models.DateField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("safe_on", models.DateField(null=True)),
                ("raw_on", models.DateField(null=True)),
                ("low", models.CharField(blank=True, max_length=40)),
                ("high", models.CharField(blank=True, max_length=40)),
                ("estimate_on", models.DateField(null=True)),
                ("gate_open", models.BooleanField(default=True)),
                ("gate_late", models.BooleanField(default=False)),
                ("missing", models.JSONField(default=list)),
                ("reasons", models.JSONField(default=list)),
                ("derivation", models.JSONField(default=list)),
                ("as_of", models.DateField()),
                ("cause", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
                (
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.definitionversion"
                    ),
                ),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="due_versions",
                        to="obligations.obligation",
                    ),
                ),
            ],
            options={
                "ordering": ("obligation_id", "-number"),
            },
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="obligations.obligation",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_number", models.PositiveIntegerField()),
                ("step", models.CharField(max_length=24)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("claimed", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("superseded", "Superseded"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("send_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="obligations.obligation",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="ReminderAudience",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("policy", models.CharField(max_length=40)),
                ("obligor", models.CharField(max_length=10)),
                ("level", models.PositiveSmallIntegerField()),
                ("role", models.CharField(max_length=10)),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminder_audience",
                        to="contracts.contract",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReminderStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_number", models.PositiveIntegerField()),
                ("step", models.CharField(max_length=24)),
                ("level", models.PositiveSmallIntegerField(default=0)),
                ("send_at", models.DateTimeField()),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminder_steps",
                        to="obligations.obligation",
                    ),
                ),
            ],
            options={
                "ordering": ("obligation_id", "send_at"),
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("round", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("submitted", "Waiting for review"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                            ("more_info", "More information wanted"),
                        ],
                        default="submitted",
                        max_length=10,
                    ),
                ),
                ("done_on", models.DateField(verbose_name="done on")),
                ("note", models.CharField(blank=True, max_length=2000, verbose_name="note")),
                ("submitted_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("review_note", models.CharField(blank=True, max_length=2000)),
                ("evidence", models.ManyToManyField(blank=True, related_name="submissions", to="contracts.evidence")),
                (
                    "obligation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="obligations.obligation",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("obligation_id", "-round"),
            },
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["contract", "due_at", "id"], name="obligation_due"),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["contract", "position", "id"], name="obligation_register"),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["contract", "state", "due_at", "id"], name="obligation_list"),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                condition=models.Q(("state__in", ("open", "submitted"))),
                fields=["due_at", "id"],
                name="obligation_inbox",
            ),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(condition=models.Q(("state", "done")), fields=["done_on", "id"], name="obligation_done"),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                condition=models.Q(("next_reminder_at__isnull", False)),
                fields=["next_reminder_at"],
                name="obligation_next_reminder",
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.UniqueConstraint(fields=("contract", "duty", "key_text"), name="obligation_once"),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_on__isnull", False), ("state", "done")),
                    models.Q(("state", "done"), _negated=True),
                    _connector="OR",
                ),
                name="obligation_done_when",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(condition=models.Q(("read_at", None)), fields=["user"], name="notification_unread"),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(fields=("user", "source"), name="notification_once"),
        ),
        migrations.AddConstraint(
            model_name="dueversion",
            constraint=models.UniqueConstraint(fields=("obligation", "number"), name="due_version_once"),
        ),
        migrations.AddConstraint(
            model_name="acknowledgement",
            constraint=models.UniqueConstraint(fields=("obligation", "due_number", "user"), name="acknowledged_once"),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["send_at", "id"], name="reminder_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                condition=models.Q(("state", "claimed")), fields=["claimed_at"], name="reminder_claimed"
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(fields=["recipient", "-id"], name="reminder_of_person"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("obligation", "due_number", "step", "recipient"), name="reminder_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminderaudience",
            constraint=models.UniqueConstraint(
                fields=("contract", "policy", "obligor", "level", "party", "role"), name="reminder_audience_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminderstep",
            constraint=models.UniqueConstraint(fields=("obligation", "due_number", "step"), name="reminder_step_once"),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=("obligation", "round"), name="submission_round_once"),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "submitted")), fields=("obligation",), name="submission_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reviewed_by", None),
                    models.Q(("reviewed_by", models.F("submitted_by")), _negated=True),
                    _connector="OR",
                ),
                name="submission_reviewed_by_other",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reviewed_by", None), ("state", "submitted")),
                    models.Q(
                        models.Q(("state", "submitted"), _negated=True), models.Q(("reviewed_by", None), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="submission_decided_by_somebody",
            ),
        ),
    ]
