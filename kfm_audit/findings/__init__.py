"""What rules say: findings, how they are told apart, accepted and counted."""
