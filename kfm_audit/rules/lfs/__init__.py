"""Rules about lakeFS: who moved production data back, were they allowed to, and is it accounted for."""
