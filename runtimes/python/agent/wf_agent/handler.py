"""Finds the handler and gives it its context."""

import os
import site
import sys
from time import time

from wf_agent.paths import AGENT, is_folder, relative


class HandlerNotFoundError(Exception):
    """The package has no such handler; the message says what is missing."""


class Context:
    """The second argument of a handler."""

    def __init__(self, values: dict):
        self.call_id = values["call_id"]
        self.function_name = values["function_name"]
        self.function_version = values["function_version"]
        self.memory_limit_in_mb = values["memory_limit_in_mb"]
        self.deadline_ms = values["deadline_ms"]  # Unix time

    def remaining_time_ms(self) -> int:
        """Milliseconds until the call is stopped; 0 when the time is up."""
        return max(0, int(self.deadline_ms - time() * 1000))


def load(notation: str, folder: str):
    """Import `package.module.function` from `folder`. Raises whatever the import raises, or HandlerNotFoundError."""
    module_name, _, name = notation.rpartition(".")
    if not module_name or not name:
        raise HandlerNotFoundError("the handler %r is not of the form module.function" % notation)
    _set_path(folder)
    module = _import(module_name, folder)
    function = getattr(module, name, None)
    if function is None:
        raise HandlerNotFoundError("%s has no function %s" % (_file_of(module, folder), name))
    if not callable(function):
        kind = type(function).__name__
        raise HandlerNotFoundError("%s in %s is no function but %s" % (name, _file_of(module, folder), kind))
    return function


def _import(name: str, folder: str):
    try:
        __import__(name)  # unlike importlib.import_module it leaves no frames of the import system in a traceback
    except ModuleNotFoundError as error:
        if error.name and (name + ".").startswith(error.name + "."):
            path = name.replace(".", "/") + ".py"
            raise HandlerNotFoundError("the package has no %s (%s)" % (path, error)) from None
        error.msg += ": is it listed in requirements.txt?"
        raise
    return sys.modules[name]


def _file_of(module, folder: str) -> str:
    path = getattr(module, "__file__", None)
    return relative(path, folder) if path else module.__name__


def _set_path(folder: str) -> None:
    """As `python3 main.py` in `folder` would have it.

    The interpreter itself was started with -I, so that nothing of the function's could run in the supervisor.
    """
    sys.path[:] = [folder, *_listed_paths(), *(entry for entry in sys.path if entry != AGENT)]
    dependencies = site.getusersitepackages()  # in PYTHONUSERBASE, which the Dockerfile template sets
    if is_folder(dependencies):
        _add_before_own_packages(dependencies)


def _listed_paths() -> list:
    return [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]


def _add_before_own_packages(folder: str) -> None:
    """The standard library still comes first: backports of old names must not hide its modules."""
    own = [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    sys.path[:] = [entry for entry in sys.path if entry not in own]
    site.addsitedir(folder)
    sys.path += own
