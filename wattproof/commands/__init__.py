"""One file per command group; each is imported only when it is called."""
