"""Security events for whoever watches (the SOC): what was done, what was refused, what is sick.

The journal is the record; events are the news of it. They never hold up a signature and may be dropped
(counted, and said), where the journal may not.
"""
