"""An SSH server of a test's own, on the loopback: its key, its configuration, its port."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
SSH_IS_MISSING = "" if SSHD and shutil.which("ssh") else "openssh-server or openssh-client is missing"


class Server:
    """An SSH server that lets this user in with a key of its own, until `stop`. `environment`: of what runs there."""

    def __init__(self, folder, host="board", **environment):
        self.host = host
        self.folder = folder
        for key in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nStrictModes no\n"
            f"AuthorizedKeysFile {folder}/user_key.pub\nPasswordAuthentication no\nUsePAM no\n"
            + (f"SetEnv {' '.join(f'{name}={value}' for name, value in environment.items())}\n" if environment else ""))
        public = (folder / "host_key.pub").read_text()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}")
        self.config = self.write_config("config", self.port)
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "sshd_config"], stdin=subprocess.DEVNULL,
                                            stderr=log)
        deadline = time.monotonic() + 20
        while "listening" not in (folder / "log").read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"sshd does not start: {(folder / 'log').read_text()}")
            time.sleep(0.05)

    def write_config(self, name, port):
        """An ssh configuration with the host."""
        file = self.folder / name
        file.write_text(f"Host {self.host}\n HostName 127.0.0.1\n Port {port}\n IdentityFile {self.folder}/user_key\n"
                        f" IdentitiesOnly yes\n UserKnownHostsFile {self.folder}/known_hosts\n LogLevel ERROR\n")
        return file

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def signal(self, number):
        """To the server's own processes, not to what runs in its sessions."""
        for pid in [*descendants(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                if Path(f"/proc/{pid}/comm").read_text().startswith("sshd"):
                    os.kill(pid, number)

    def die(self):
        """As where the machine goes away: its connections break, and it takes no new ones."""
        self.signal(signal.SIGKILL)
        self.process.wait()


def descendants(pid):
    """The processes that a process started, and what those did."""
    children = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = list(children.get(pid, []))
    for child in found:
        found += children.get(child, [])
    return found


@contextlib.contextmanager
def privileges():
    """As root, sshd wants a folder that its service makes."""
    needed = Path("/run/sshd")
    made = os.getuid() == 0 and not needed.exists()
    if made:
        needed.mkdir(mode=0o755)
    yield
    if made:
        needed.rmdir()
