"""The logging of this process: what is in force, its engine, what happens at a fork and at the end."""
