"""The one part that talks to servers: what they say is kept in a folder, and `check` reads that later."""
