"""Floor 4: jobs go in, events come out; the worker process and the devices."""
