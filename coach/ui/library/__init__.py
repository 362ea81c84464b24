"""The Library: everything that the coach knows, and where it is used."""
