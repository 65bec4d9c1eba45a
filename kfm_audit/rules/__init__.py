"""What is judged: one file a rule, one folder a family, and the kit that they are made with."""
