# SPDX-License-Identifier: GPL-2.0-only
"""What bench/guest/compare prints becomes the results of a session."""
import json

import targets


def collect(session, lines, progress):
    """Returns the results, and whether the session has come to its end."""
    plan = session["plan"]
    result = {"clock": session["clock"], "smp": session["smp"], "queues": plan["queues"], "cells": plan["cells"],
              "runs": [], "profiles": [], "skipped": []}
    label = "%s time, %d CPUs, %s: " % (session["clock"], session["smp"], ", ".join(plan["stores"]))
    done = False
    for line in lines:
        if not line.startswith("@"):
            progress.say(label + line.rstrip("\n"))
            continue
        record = json.loads(line[1:])
        done = done or "done" in record
        if "cell" in record:
            rates = targets.rates(plan["cells"][record["cell"]]["bs"], record["ns"])
            result["runs"].append({**record, **rates})
            progress.step()
        elif "profile" in record:
            result["profiles"].append(record)
        elif "skip" in record:
            result["skipped"].append(record)
            progress.skip(plan, record["store"], record["skip"])
            progress.say(label + "%(store)s: no %(skip)s: %(reason)s" % record)
        elif "machine" in record:
            # The second is of another guest, because the first has died: what that has measured does not count.
            result["machine"] = record["machine"]
            progress.again(plan, result["runs"], result["skipped"])
            for part in "runs", "profiles", "skipped":
                result[part].clear()
    return result, done
