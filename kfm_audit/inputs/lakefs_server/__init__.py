"""What a lakeFS server says beside its audit log: answers of its API, its hooks, and snapshots of its heads."""
