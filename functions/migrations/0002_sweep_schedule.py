from django.db import migrations

SWEEP = "functions.tasks.sweep"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name="sweep", defaults={"func": SWEEP, "schedule_type": "I", "minutes": 1, "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name="sweep", func=SWEEP).delete()


class Migration(migrations.Migration):
    """Upkeep runs once a minute in every task cluster, whether calls come or not."""

    dependencies = [("functions", "0001_initial"), ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more")]
    operations = [migrations.RunPython(schedule, unschedule)]
