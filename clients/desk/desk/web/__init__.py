"""What browsers see; the only place that knows Flask."""
