"""What a log call goes through, from the logger's method to the frame."""
