"""``python -m mnephys`` is the command line."""

from mnephys.cli import main

if __name__ == "__main__":
    main()
