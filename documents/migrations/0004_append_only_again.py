from django.db import migrations

from accounts.triggers import append_only


class Migration(migrations.Migration):
    # SQLite makes a table anew to add a column, and its triggers go with the old one.
    dependencies = [("documents", "0003_addressed")]
    operations = [append_only("documents_issueddocument"), append_only("documents_documentcancellation")]
