"""Everything that can be wrong in a way a person can mend; each message says what to do."""


class GisError(Exception):
    """Base of all expected errors: its text is fit to show to the user."""


class NotFoundError(GisError):
    """What was asked for does not exist, or the actor may not see it."""


class MergedError(NotFoundError):
    """The place was merged into another that the actor may see; ``site_id`` says which."""

    def __init__(self, message: str, *, site_id: int) -> None:
        super().__init__(message)
        self.site_id = site_id


class InvalidDataError(GisError):
    """Input that cannot be accepted as it is."""


class ForbiddenError(GisError):
    """The actor may not do this."""


class ConfigError(GisError):
    """The installation is not set up so that it can work."""


class NotLoggedInError(GisError):
    """Nobody is logged in, or what was given to prove it does not hold."""


class TooManyTriesError(GisError):
    """Too many tries to log in; ``seconds`` says how long to wait."""

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
