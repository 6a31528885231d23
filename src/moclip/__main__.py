"""``moclip`` and ``python -m moclip``."""

from moclip.cli import run as main

if __name__ == "__main__":
    main()
