"""The logging of this process: the configuration in force, its engine, forks and the end."""
