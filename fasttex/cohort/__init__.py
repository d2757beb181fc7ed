"""Cohorts: many images with their ROIs, interrupted, resumed, nothing lost."""
