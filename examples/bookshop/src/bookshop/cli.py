"""The commands of the shop, for a terminal or a scheduler."""

import argparse
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from bookshop.clock import utc_now
from bookshop.database import create_tables, get_engine
from bookshop.jobs.restock_report import build_restock_report
from bookshop.jobs.stale_orders import cancel_stale_orders
from bookshop.settings import get_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="bookshop", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create-tables", help="create the tables that do not exist yet")
    commands.add_parser("cancel-stale-orders", help="cancel orders that nobody shipped")
    restock = commands.add_parser("restock-report", help="list books that run out")
    restock.add_argument("--below", type=int, default=3, help="copies left (default: 3)")
    options = parser.parse_args(arguments)

    engine = get_engine()
    if options.command == "create-tables":
        create_tables(engine)
        return 0
    with Session(engine) as session:
        if options.command == "cancel-stale-orders":
            age = timedelta(days=get_settings().stale_after_days)
            print(f"cancelled {cancel_stale_orders(session, older_than=utc_now() - age)}")
        else:
            for line in build_restock_report(session, below=options.below):
                print(f"{line.stock}\t{line.isbn}\t{line.title}")
    return 0
