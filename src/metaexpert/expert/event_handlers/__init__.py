"""A strategy's functions: how decorators register them, and how a run calls them.

`registration` has the decorators without arguments, `registry` what is registered, `dispatch` the calls,
their errors and their figures.
"""
