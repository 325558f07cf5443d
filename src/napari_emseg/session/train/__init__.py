"""What a person does who trains a model."""
