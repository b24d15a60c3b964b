"""``python -m limefw``."""

from limefw.cli import main


if __name__ == "__main__":
    main()
