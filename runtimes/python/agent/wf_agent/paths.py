"""Where the agent lies in the image. As text: `pathlib` would be a large part of every cold start."""

import os

AGENT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Where the Dockerfile template installs what the function's requirements.txt lists.
DEPENDENCIES = os.path.join(os.path.dirname(AGENT), "dependencies", "packages")


def is_agents(path: str) -> bool:
    return path.startswith(AGENT + os.sep)


def relative(path: str, folder: str) -> str:
    return os.path.relpath(path, folder)


def dependencies_are_installed() -> bool:
    return os.path.isdir(DEPENDENCIES)
