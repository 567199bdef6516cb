from django.db import migrations

from accounts.triggers import append_only, fixed_column

# What was entered stays as it was entered; only what became of it (decision, succession) is filled in later.
FIXED = (
    ("sla_finding", ("incident_id", "name", "value", "established_by", "paper", "recorded_at", "recorded_by_id")),
    ("sla_spell", ("incident_id", "kind", "domain", "system_id", "starts_at", "ends_at", "recorded_at")),
    ("sla_exclusion", ("incident_id", "kind", "ground", "system_id", "starts_at", "ends_at", "recorded_at")),
)


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]
    operations = [
        append_only("sla_exclusionpaper"),
        *(fixed_column(table, column) for table, columns in FIXED for column in columns),
    ]
