from django.db import migrations

from accounts.triggers import append_only, fixed_column


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [append_only("accounts_journalentry"), fixed_column("accounts_user", "party_id")]
