"""The command line: `puhui`. A composition root: it knows every package, and no package knows it."""


def main() -> None:
    """Run `puhui` with the arguments of the process."""
    from puhui.cli.app import run

    run()
