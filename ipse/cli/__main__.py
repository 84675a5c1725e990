"""`python -m ipse.cli` is `ipse`."""

from ipse.cli import main

main()
