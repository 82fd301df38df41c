"""Fire weather: how readily the day's weather lets a forest fire start and run."""
