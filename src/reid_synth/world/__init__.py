"""Several cameras along one road, and people who walk from one to the next."""
