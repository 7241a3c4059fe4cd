"""The vehicle maintenance system's data at any size, the same for the same seed.

`generate(scale, seed, business_date)` describes a business: scale 1 is the exam's, 100,000 vehicles
and as many contracts with all that hangs on them. Its rows come in blocks of 1,000 contracts, each
with its customers, contractors and history, so that memory does not grow with the scale and every
row that a row refers to comes before it. Only `random.Random.random` is drawn from, the one method
whose numbers Python promises to keep from release to release.
"""

from schema.vehicle_maintenance.generator.business import Business, generate

__all__ = ["Business", "generate"]
