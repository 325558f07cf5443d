"""Room: stacks are segmented, into shared files or into a person's."""
