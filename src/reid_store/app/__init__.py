"""The web page: click a person, see where else they were."""
