"""What measures and checks the product."""
