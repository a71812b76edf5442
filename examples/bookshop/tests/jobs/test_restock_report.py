"""The list of books that run out."""

from bookshop.jobs.restock_report import RestockLine, build_restock_report


def test_the_report_names_scarce_books_only(session, make_book):
    make_book(stock=9)
    book = make_book(isbn="9780156027601", title="Solaris", stock=1)
    expected = [RestockLine(isbn=book.isbn, title="Solaris", stock=1)]
    assert build_restock_report(session, below=3) == expected


def test_a_full_shelf_has_an_empty_report(session, make_book):
    make_book(stock=9)
    assert build_restock_report(session, below=3) == []
