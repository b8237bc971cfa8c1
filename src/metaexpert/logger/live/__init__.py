"""Changes while the process runs, and the process's reports about itself."""
