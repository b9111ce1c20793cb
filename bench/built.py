"""What was built to be measured: heapdrift itself and the programs of this folder."""

import hashlib
import os


class Built:
    def __init__(self, folder):
        folder = os.path.abspath(folder)
        self.heapdrift = os.path.join(folder, "bin", "heapdrift")
        self.recorder = os.path.join(folder, "lib", "heapdrift", "libheapdrift_preload.so")
        self.forward_only = os.path.join(folder, "bench", "libforward_only.so")
        self.pairs = os.path.join(folder, "bench", "pairs")
        self.launch = os.path.join(folder, "bench", "launch")

    def missing(self):
        return [path for path in vars(self).values() if not os.path.exists(path)]

    def identity(self):
        """Of all that is measured; another build has another one."""
        digest = hashlib.sha256()
        for path in sorted(vars(self).values()):
            with open(path, "rb") as file:
                digest.update(file.read())
        return digest.hexdigest()
