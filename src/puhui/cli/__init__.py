"""The command line: `puhui`. A composition root: it knows every package, and no package knows it."""


def main() -> None:
    """Run `puhui` with the arguments of the process."""
    import sys

    from puhui.cli.app import run

    # A terminal that lacks a character (✓ in GBK, Chinese in ASCII) shows "?" instead of ending in a traceback.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]

    run()
