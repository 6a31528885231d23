"""``moclip`` and ``python -m moclip``."""


def main() -> None:
    from moclip.cli import run

    run()


if __name__ == "__main__":
    main()
