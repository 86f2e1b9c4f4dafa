"""Commands and exit codes; each command is one module, imported when it is called."""
