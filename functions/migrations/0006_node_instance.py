from django.db import migrations, models


class Migration(migrations.Migration):
    """Which instance a node's rows belong to; the next one to start takes them."""

    dependencies = [("functions", "0005_open_calls")]

    operations = [
        migrations.AddField(
            model_name="configuration",
            name="instance",
            field=models.CharField(default="", editable=False, max_length=255),
        ),
    ]
