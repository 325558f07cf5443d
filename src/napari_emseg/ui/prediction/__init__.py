"""Room: layers that grow beside their source."""
