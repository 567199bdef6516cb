from django.db import migrations

from accounts.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("penalties", "0001_initial")]
    operations = [
        append_only("penalties_assessment"),
        append_only("penalties_caseentry"),
        append_only("penalties_factsnapshot"),
    ]
