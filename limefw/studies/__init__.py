"""What stands above a single explanation: many of them, plans, searches. The pipeline knows nothing of it."""
