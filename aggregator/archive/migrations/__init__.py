"""Migrations, oldest first; `aggregator.archive.migrating` runs them."""
