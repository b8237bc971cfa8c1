"""`python -m metaexpert` is the command `metaexpert`."""

from metaexpert.cli import main

if __name__ == "__main__":
    main()
