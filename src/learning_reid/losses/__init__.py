"""What a ReID network is asked to do while it trains: one file a loss, each a short pure function and a thin module."""
