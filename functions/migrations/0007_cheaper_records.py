import django.db.models.deletion
from django.db import migrations, models

import functions.models.execution

INDEX = "functions_execution_function_id_38d5d680"


class Migration(migrations.Migration):
    """The index of `function` goes: `execution_of_function` begins with it. No table is copied for that."""

    dependencies = [("functions", "0006_node_instance")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f'DROP INDEX IF EXISTS "{INDEX}"',
                    f'CREATE INDEX "{INDEX}" ON "functions_execution" ("function_id")',
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="execution",
                    name="function",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="executions",
                        to="functions.function",
                    ),
                ),
                migrations.AlterField(
                    model_name="execution",
                    name="id",
                    field=models.UUIDField(
                        default=functions.models.execution.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
        )
    ]
