"""What is explained: one module for each sort of instance. The core names none of them."""
