"""Changing and watching the logging of a running process, over HTTP and by its configuration files.

Nothing here is loaded before it is asked for: a program without a control server does not pay for one.
"""
