"""Training: recipes, the optimizer of section 5, its schedules, and the loop."""
