"""A receipt in words: why each line is what it is, in the reader's language."""
