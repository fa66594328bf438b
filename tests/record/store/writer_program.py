"""A process that writes a run until it is killed: says on standard output how many losses are surely in the file.

python writer_program.py FOLDER INTERVAL
"""

import signal
import sys

from tests.record.store.sources import Counting

from rhobar.record.store import Store, store

store.INTERVAL = float(sys.argv[2])


class Telling(Counting):
    def written(self):
        super().written()
        print(self.kept, flush=True)


signal.alarm(120)  # nobody waits for a writer that cannot write
running = Store(sys.argv[1], name="killed")
running.start(Telling(pace=50, readings=True))
running._thread.join()
