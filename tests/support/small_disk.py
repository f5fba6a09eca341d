"""A small file system that can be filled up; needs root."""
import errno
import os
import pathlib
import subprocess


class SmallDisk:
    """A tmpfs at `folder`; OSError when mounting is not permitted here."""

    def __init__(self, folder, mib):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        answer = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(self.folder)],
                                capture_output=True, text=True)
        if answer.returncode != 0:
            raise OSError("mount is not permitted here: " + answer.stderr.strip())
        self.ballast = self.folder / "ballast"

    def fill(self, leave_bytes):
        """Whoever else writes here may be quicker than the look at what is free: then it looks again."""
        for attempt in range(20):
            free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize
            try:
                with open(self.ballast, "wb") as file:
                    os.posix_fallocate(file.fileno(), 0, max(1, free - leave_bytes))
                return
            except OSError as error:
                if error.errno != errno.ENOSPC or attempt == 19:
                    raise

    def clear(self):
        self.ballast.unlink(missing_ok=True)

    def end(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=True)
