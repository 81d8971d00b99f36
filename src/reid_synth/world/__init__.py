"""Several cameras along one road, and people who pass from one to the next."""
