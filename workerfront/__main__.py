"""`workerfront <command>`: what manage.py does, for an installed package."""

import os

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workerfront.settings")
    execute_from_command_line()


if __name__ == "__main__":
    main()
