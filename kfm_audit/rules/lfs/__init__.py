"""LFS: lakeFS."""
