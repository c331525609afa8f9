"""`python -m runtimes [name...]`: the base images of these runtimes (else of all), one a line, for scripts."""

import sys

from runtimes import registry


def main() -> None:
    for image in dict.fromkeys(registry.get(name).base_image for name in sys.argv[1:] or registry.names()):
        print(image)  # noqa: T201 -- this is the answer


if __name__ == "__main__":
    main()
