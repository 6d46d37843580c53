"""What Axion's programs export as CSV: spike lists, burst lists, metrics."""
