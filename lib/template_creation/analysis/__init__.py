"""From facts per file to an `Analysis`: pure, every claim with its evidence."""
