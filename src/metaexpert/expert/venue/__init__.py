"""Where orders go: a venue takes them and answers with what became of them."""
