from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_securities")]
    operations = [migrations.AddField("milestone", "target_on", models.DateField(blank=True, null=True))]
