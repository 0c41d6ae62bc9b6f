"""alexnet search: an index of pictures built, asked, added to and cut down; a file for each of its commands."""

import click

from alexnet.cli.search.build import build
from alexnet.cli.search.change import add, remove
from alexnet.cli.search.info import info
from alexnet.cli.search.query import query


@click.group("search")
def command() -> None:
    """Find the pictures of an index that are most like others, by what a network's last hidden layer gives for them.

    \b
    alexnet search build RUN DATA -o INDEX      each picture of DATA goes through RUN's network once
    alexnet search query INDEX PICTURE...       the nearest twelve of each

    Pictures whose fc7 vectors are near in Euclidean distance are alike though their pixels are not (section 6.1, and
    figure 4, right, of the paper).
    """


for each in (build, query, add, remove, info):
    command.add_command(each)
