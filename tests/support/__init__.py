"""What tests share: builders, readers, clients, and the programs that tests start."""
