"""Planners: pure functions from how things stand to what to do, or how long it will take.

Each prints the exam's figure with what it rests on; what the exam leaves open is a parameter and is
called an assumption. Nothing here asks a server or a clock.
"""
