"""The paper's claims as experiments that anybody can run again, and what came of them.

claim        what the paper says, the experiment, and what would agree and disagree, written before it is run
experiments  the claims, a file each; `CLAIMS` has them by name
measures     what is measured of trained networks
running      an experiment, run: resumed where it was stopped
budget       a time that it is given
journal      its results, a line each
verdict      what they say of the claim, by the rule that the claim has
report       the table and the page that are made from journals alone
"""
