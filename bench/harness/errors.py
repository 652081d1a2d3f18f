"""The errors that end in one line for the person at the terminal."""


class UserError(Exception):
    """A wrong argument or file: the message names it, what was found and what was expected."""


class ModelError(Exception):
    """One model cannot be built, loaded or run; the others go on."""
