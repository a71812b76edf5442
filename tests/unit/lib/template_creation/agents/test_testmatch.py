"""Tests are matched with the files that they test, not with all that are about one thing."""

from __future__ import annotations

import pytest

from template_creation.agents.testmatch import TestMatch


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("src/shop/routers/items.py", "tests/routers/test_items.py"),
        ("src/shop/routers/items.py", "tests/test_items.py"),
        ("src/shop/crud.py", "tests/crud/test_user.py"),
        ("src/app/items/item-list.tsx", "src/app/items/__tests__/item-list.test.tsx"),
        ("src/main/java/shop/OwnerController.java", "src/test/java/shop/OwnerControllerTests.java"),
        ("src/App/Items/CreateItem.cs", "tests/App.Tests/Items/CreateItemTests.cs"),
        ("app/models/story.rb", "spec/models/story_spec.rb"),
        ("internal/items/service.go", "internal/items/service_test.go"),
    ],
)
def test_a_test_that_is_named_for_a_file_goes_with_it(file: str, test: str) -> None:
    """By its own name or its folder's, in the way of each language."""
    assert TestMatch([file], {}).mirrors(test)


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("src/shop/routers/customers.py", "tests/services/test_customer_service.py"),
        ("src/shop/routers/customer.py", "tests/repositories/test_customer.py"),
        ("src/shop/api/items.py", "tests/utils/item.py"),
        ("app/models/story.rb", "spec/factories/story.rb"),
        ("src/shop/__init__.py", "tests/test_init.py"),
    ],
)
def test_tests_of_other_layers_and_helpers_of_tests_do_not(file: str, test: str) -> None:
    """The same subject is not the same work."""
    assert not TestMatch([file], {}).mirrors(test)


def test_a_test_that_imports_a_file_uses_it() -> None:
    """Of Python by dots, of TypeScript by slashes; a whole library is nobody's file."""
    imports = {
        "tests/test_a.py": ["shop.models.customer", "pytest"],
        "web/a.test.ts": ["../features/items/api"],
        "tests/test_b.py": ["models"],
    }
    match = TestMatch(["src/shop/models/customer.py", "web/features/items/api.ts"], imports)
    assert match.uses("tests/test_a.py")
    assert match.uses("web/a.test.ts")
    assert not match.uses("tests/test_b.py")
    assert not match.uses("tests/test_unknown.py")
