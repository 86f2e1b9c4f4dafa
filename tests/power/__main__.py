"""`python -m power`: one experiment; see cutting.py. Must run in namespaces of its own."""

import sys

if __name__ == "__main__":
    from power.cutting import main

    main(sys.argv[1:])
