"""LeakSanitizer, linked into the program. A finding is a stack of its report, a direct leak or not."""

import os
import re

from . import Finding, ToolFailed, run

_LEAK = re.compile(r"^(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\)")
_FRAME = re.compile(r"^ +#\d+ 0x[0-9a-f]+ (?:in (.+) )?\S+$")
_EXIT = 23


class LeakSanitizer:
    name = "LeakSanitizer"

    def findings(self, job):
        options = f"exitcode={_EXIT}:allocator_may_return_null=1:fast_unwind_on_malloc=0"
        environment = {**(job.environment or os.environ), "LSAN_OPTIONS": options}
        text = run(job, environment=environment, ok=(*job.ok, _EXIT))[1]
        if "LeakSanitizer has encountered a fatal error" in text:
            raise ToolFailed(text[-1000:])
        found = []
        for line in text.splitlines():
            if leak := _LEAK.match(line):
                found.append(Finding([], int(leak[3]), int(leak[2]), leak[1]))
            elif found and (frame := _FRAME.match(line)):
                found[-1].functions.append(frame[1])
        return found
