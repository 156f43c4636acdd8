"""What each kind of fact does to a position: a module a subject, a function a kind, a registry line in `fold.py`.

Each takes the position at the end of the fact's effective day, the body of the fact, and the agreement; it returns
the position after, and where money went.
"""
