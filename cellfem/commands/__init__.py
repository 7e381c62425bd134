"""Commands of the command line. Nothing heavy is imported before a case is checked."""
