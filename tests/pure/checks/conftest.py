from hypothesis import settings

# How quick a machine is proves nothing.
settings.register_profile("whatever the machine", deadline=None)
settings.load_profile("whatever the machine")
