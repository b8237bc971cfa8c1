"""One run of an expert, from its options to its figures.

`options` says how it is to be made, `session` makes it: it loads a feed, has the `loop` bring its events to
the venue and the event handlers, continues and saves the `state`, and returns a `result`.
"""
