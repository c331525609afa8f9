from django.db import migrations, models


class Migration(migrations.Migration):
    """Two indexes of the calls under way become one: every call enters and leaves each, and few are under way."""

    dependencies = [("functions", "0007_cheaper_records")]

    operations = [
        migrations.RemoveIndex(model_name="execution", name="execution_open"),
        migrations.RemoveIndex(model_name="execution", name="execution_busy"),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["node", "function"],
                condition=models.Q(("lease_expires_at__isnull", False)),
                name="execution_open",
            ),
        ),
    ]
