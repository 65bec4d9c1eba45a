"""What AWS does, as AWS documents it: a library that imports nothing of ours."""
