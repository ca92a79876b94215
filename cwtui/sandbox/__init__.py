"""A simulated marketplace and PSA behind the HTTP contracts of the real ones."""
