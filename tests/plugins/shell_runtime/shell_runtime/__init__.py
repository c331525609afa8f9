"""A runtime for shell scripts: main.sh gets the event on stdin, its stdout is the body, its stderr the log."""

from pathlib import Path

from runtimes.base import Runtime

HERE = Path(__file__).parent

RUNTIME = Runtime(
    name="shell",
    base_image="python:3.12-slim",  # the agent is a Python program
    template=HERE / "shell.Dockerfile",
    agent=HERE / "agent",
    handler="main.sh",
)
