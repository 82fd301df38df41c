"""What runs in the child process that opens a file somebody sent: it trusts nothing in it."""
