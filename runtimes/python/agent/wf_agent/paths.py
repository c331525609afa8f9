"""Where the agent lies in the image. As text: `pathlib` would be a large part of every cold start."""

import os

AGENT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_agents(path: str) -> bool:
    return path.startswith(AGENT + os.sep)


def relative(path: str, folder: str) -> str:
    return os.path.relpath(path, folder)


def is_folder(path: str) -> bool:
    return os.path.isdir(path)
