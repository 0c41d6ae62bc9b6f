"""Networks partitioned over processes: columns as in section 3.2, or fully-connected layers alone.

partition       a network's layers shared out, and which values are whose
collectives     stages that gather values, or take this process's own
communication   what each scheme sends in a step
"""
