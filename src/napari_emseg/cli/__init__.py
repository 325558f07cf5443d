"""What a person types: commands, their options, and the progress of a job."""
