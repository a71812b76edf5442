"""The values that the steps hand to one another: frozen, without behaviour of their own."""
