"""lakeFS as its server shows itself: operations, paths of its API, and lines of its audit log."""
