"""One file per verb. Declares the ports that storage and adapters fill."""
