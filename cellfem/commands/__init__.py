"""Commands of the command line that are more than a few lines. Nothing heavy is imported before a
case is checked."""
