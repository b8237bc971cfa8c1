"""The way of a log call, from the logger's method to the frame."""
