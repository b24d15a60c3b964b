"""The values of each modality: what is explained, and how draws become what a model reads."""
