"""How the parts are put together on this machine: what commands, the server and the demonstration share."""
