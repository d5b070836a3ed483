"""The sample feeds of the demo: invented clubs, people and matches, written for it.

Each file is a template of one feed in three editions. ``{{rfc822 3h}}`` and
``{{iso 40m}}`` are the time so long before the demo started, so that its news is
always new; ``{{from 2}}…{{end}}``, ``{{until 2}}…{{end}}`` and ``{{only 1}}…{{end}}``
hold what only some editions say; ``{{base}}`` is the address they are served at.
Fernando Torres is real, what is told of him here is not.
"""
