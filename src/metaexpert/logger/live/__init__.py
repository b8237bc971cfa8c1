"""Changes while the process runs, and what it tells of itself meanwhile."""
