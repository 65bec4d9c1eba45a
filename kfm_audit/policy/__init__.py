"""What is right, as data: the vocabulary of a policy, the packs that ship, and `extends`."""
