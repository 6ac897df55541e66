# SPDX-License-Identifier: GPL-2.0-only
"""What bench/run tells while it measures."""
import threading
import time

import plans


def runs_with(plan, store, transport):
    return sum(plan["repeats"] for cell in plan["cells"]
               if cell["store"] == store and transport in cell["transports"])


class Progress:
    """A line now and then: what is done, and how long the rest will take if it goes on like that."""

    def __init__(self, sessions):
        self.total = sum(plans.runs_of(session["plan"]) for session in sessions)
        self.done = self.before = 0
        self.began = self.last = None
        self.lock = threading.Lock()

    def say(self, text):
        print("bench: " + text, flush=True)

    def step(self):
        with self.lock:
            self.done += 1
            now = time.monotonic()
            if self.began is None:
                # What comes before the first run is done by then.
                self.began, self.last, self.before = now, now, self.done
            if self.done == self.total or now - self.last > 15:
                self.last = now
                pace = (now - self.began) / max(self.done - self.before, 1)
                left = int(pace * (self.total - self.done))
                self.say("%d of %d runs, %d:%02d left" % (self.done, self.total, left // 60, left % 60))

    def skip(self, plan, store, transport):
        with self.lock:
            self.total -= runs_with(plan, store, transport)

    def again(self, plan, runs, skipped):
        """The session of this plan begins again; all that is known about its pace is, too."""
        with self.lock:
            self.done -= len(runs)
            self.total += sum(runs_with(plan, record["store"], record["skip"]) for record in skipped)
            self.began = None
