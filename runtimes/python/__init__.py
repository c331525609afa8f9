"""Python: each registered version, such as python3.7, is its base image with the agent of this folder."""

import re
from pathlib import Path

from runtimes.base import ALL_MODES, Runtime

HERE = Path(__file__).parent
NAME = re.compile(r"python(3\.\d+)")


def version(name: str) -> Runtime:
    """The runtime of a name such as `python3.7`. Raises ValueError for any other name."""
    match = NAME.fullmatch(name)
    if not match:
        raise ValueError(f"{name!r} is no name such as python3.7")
    return Runtime(
        name=name,
        base_image=f"python:{match[1]}-slim",
        template=HERE / "python.Dockerfile",
        modes=ALL_MODES,
        agent=HERE / "agent",
        handler="main.lambda_handler",
        manifest="requirements.txt",
        vendored=("*.dist-info",),
        build_variables=("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST"),
        channel="unix",
    )
