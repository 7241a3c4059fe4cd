"""The billing system's data at any size, the same for the same seed.

`generate(scale, seed, business_date)` describes the tables as they stand at the end of a day: scale
1 is 100,000 members, with two months of bills of two lines each on the average. Last month's bills
are all there, this month's as far as their groups' days have come: on a month's last day, before
bulk deletion, both are whole. One product in four sells, the same ones in both months.
"""

from schema.billing.generator.business import BilledBusiness, generate

__all__ = ["BilledBusiness", "generate"]
