"""Python: each registered version, such as python3.7, is its base image with the agent of this folder."""

from pathlib import Path

from runtimes.base import Runtime

HERE = Path(__file__).parent


def version(name: str) -> Runtime:
    """The runtime of a name such as `python3.7`; its base image is the one that the Docker library calls `3.7-slim`."""
    number = name.removeprefix("python")
    return Runtime(
        name=name,
        base_image=f"python:{number}-slim",
        template=HERE / "python.Dockerfile",
        agent=HERE / "agent",
        handler="main.lambda_handler",
        manifest="requirements.txt",
        vendored=("*.dist-info",),
        build_variables=("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST"),
        channel="unix",
    )
