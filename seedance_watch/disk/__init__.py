"""The only part that touches the folders: files, spool, inbox."""
