"""Bank files, read: bytes in, rows and the questions that are still open out.

`reading.read` is the door. Nothing here knows a database, a clock or a network; a file is a seekable binary
stream that is read twice, once for tallies and once for the rows, so that memory does not grow with it.
"""
