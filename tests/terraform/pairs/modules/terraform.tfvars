environment = "stage"
queues = {
  "dead.letters" = { depth = "1", pages = true }
  ingest         = { depth = 1000 }
}
