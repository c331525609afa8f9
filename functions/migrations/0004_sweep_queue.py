from django.db import migrations

SWEEP, ASK_FOR_SWEEP = "functions.tasks.sweep", "functions.tasks.ask_for_sweep"


def change(apps, old, new):
    apps.get_model("django_q", "Schedule").objects.filter(name="sweep", func=old).update(func=new)


def ask(apps, schema_editor):
    change(apps, SWEEP, ASK_FOR_SWEEP)


def sweep(apps, schema_editor):
    change(apps, ASK_FOR_SWEEP, SWEEP)


class Migration(migrations.Migration):
    """The schedule belongs to the queue of builds: it only asks for a sweep, which has a queue of its own."""

    dependencies = [("functions", "0003_warm")]
    operations = [migrations.RunPython(ask, sweep)]
