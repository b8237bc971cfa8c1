"""One run of an expert, from its options to its figures.

`options` says how it is to be made, `session` makes it: it loads a `feed`, has `replay` bring it to the
broker and the handlers, keeps the `history` a strategy looks back on, continues and saves the `state`, and
returns a `result`.
"""
