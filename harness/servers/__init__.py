"""Where a server comes from, and its life: start, stop, kill, pause, restart, its log, its tools.

The one room with processes and signals. Whatever is started here listens on 127.0.0.1 only, has a
random password that reaches no log and no argument, is in a register, and is gone after success,
failure, Ctrl-C, SIGTERM and even SIGKILL of the harness.

    offer = ladder.choose(engine, ServerOptions.from_environment())
    with ladder.start(offer, Profile.DURABLE) as server, fresh_database(server) as url:
        ...

Terms: a *source* is a place where servers come from; it makes an *offer*, or says what is
*missing*. The *ladder* is the order in which sources are asked. A *guard* holds a *record* in the
register and with the *reaper*, a small process that ends what is left when the harness is gone. A
*template* is a prepared data directory, copied for each start.
"""
