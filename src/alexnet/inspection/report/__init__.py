"""All that there is to say of a run, or of two, as one page.

account     what is known of a run: its files, its network, what an evaluation found
outcomes    what the network says of every picture: its worst mistakes, its least certain hits
numbers     the numbers of figures, as tables
sections    the parts of the page, of one run or of two beside each other
report      the page, written as HTML or Markdown
"""
