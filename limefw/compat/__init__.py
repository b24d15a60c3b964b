"""The ways of other packages, over limefw's core: change the import line, and nothing else."""
