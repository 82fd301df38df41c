"""Take from this process all that reading a file does not need, before the file is opened.

Plain ``ctypes``: the child must start fast, and nothing of this has a module in the standard
library. What cannot be had on every machine (a network of its own, Landlock) is tried; the filter
of system calls must hold, or the file stays closed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from gis.errors import InvalidDataError

MEMORY_BYTES = 1 << 30
CPU_S = 300
FILE_BYTES = 4 << 30
OPEN_FILES = 64


def confine(*, readable: Iterable[Path], writable: Path, parent: int | None = None) -> None:
    """Leave this process memory, time and two sorts of files; no network, program or other process.

    Parameters
    ----------
    readable
        The files and folders to be read, besides those that Python itself needs.
    writable
        The folder to write in.
    parent
        Process without which this one ends; None leaves it alone.

    Raises
    ------
    InvalidDataError
        If the process cannot be confined: then it must not open the file.
    """
    try:
        _limit()
        _leave_network()
        if parent is not None:
            end_with(parent)
        _prctl(NO_NEW_PRIVILEGES, 1)
        _hide_files([*map(Path, _needed()), *readable], writable)
        _filter_calls()
    except (OSError, AttributeError) as error:  # no such function: not Linux
        raise InvalidDataError(UNCONFINED) from error
    if _LIBC.socket(2, 1, 0) != -1 or ctypes.get_errno() != errno.EPERM:
        raise InvalidDataError(UNCONFINED)


UNCONFINED = (
    "这台机器不能把读取上传文件的程序隔离起来（需要 Linux 内核的 seccomp，x86_64 或 aarch64），"
    "文件没有打开：请联系管理员"
)
NO_NEW_PRIVILEGES = 38
DEATH_SIGNAL = 1
NEW_NETWORK = 0x40000000
NEW_USER = 0x10000000

_LIBC = ctypes.CDLL(None, use_errno=True)


def _call(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _prctl(option: int, value: int, pointer: ctypes.c_void_p | None = None) -> None:
    number = ctypes.c_ulong(value)
    _call(_LIBC.prctl(option, number, pointer or ctypes.c_ulong(0), 0, 0))


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


def _leave_network() -> None:
    """Move to a network without interfaces; where that is not allowed, the filter has to do."""
    if _LIBC.unshare(NEW_NETWORK) != 0:
        _LIBC.unshare(NEW_USER | NEW_NETWORK)


def end_with(parent: int) -> None:
    """Have this process killed when its parent ends, however that ends."""
    _prctl(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call above
        sys.exit(1)


def _needed() -> Iterable[str]:
    """Return where Python and its libraries are: modules are also imported later on."""
    package = Path(__file__).parents[2]
    return {
        sys.prefix, sys.base_prefix, str(package), "/usr", "/lib", "/lib64",
        "/etc/ld.so.cache", "/dev/null", "/dev/urandom",
    }  # fmt: skip


def _hide_files(readable: list[Path], writable: Path) -> None:
    """Let Landlock hide all files but these, where the kernel has it."""
    version = _LIBC.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    # Renaming across folders and cutting files are rights of their own since versions 2 and 3.
    known = (1 << {1: 13, 2: 14}.get(version, 15)) - 1
    wanted = ctypes.create_string_buffer(struct.pack("=Q", known), 8)
    rules = _call(_LIBC.syscall(LANDLOCK_CREATE, wanted, ctypes.c_size_t(8), 0))
    for path in readable:
        _allow(rules, path, READ & known)
    _allow(rules, writable, WRITE & known)
    _call(_LIBC.syscall(LANDLOCK_RESTRICT, rules, 0))
    os.close(rules)


LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
READ = READ_FILE | READ_FOLDER
WRITE = READ | 1 << 1 | 1 << 5 | 1 << 8 | 1 << 14  # write, remove, make and cut plain files


def _allow(rules: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rights = rights if path.is_dir() else rights & READ_FILE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12)
        _call(_LIBC.syscall(LANDLOCK_ADD, rules, 1, rule, 0))
    finally:
        os.close(place)


def _filter_calls() -> None:
    """Let the kernel answer "not permitted" to every system call of ``FORBIDDEN``."""
    code = _program()
    instructions = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(instructions))
    program = ctypes.create_string_buffer(header, len(header))
    _prctl(SECCOMP, FILTER_MODE, ctypes.cast(program, ctypes.c_void_p))


def _program() -> bytes:
    """Return the filter as instructions for the kernel's own little machine (BPF)."""
    try:
        architecture, column = ARCHITECTURES[os.uname().machine]
    except KeyError as error:
        raise OSError(errno.ENOSYS, os.uname().machine) from error
    numbers = [row[column] for row in FORBIDDEN.values() if row[column] is not None]
    code = [
        (LOAD, 0, 0, 4),  # the architecture
        (JUMP_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),  # the number of the call
        (JUMP_AT_LEAST, len(numbers) + 1, 0, 0x40000000),  # the same calls under other numbers
        *((JUMP_EQUAL, len(numbers) - i, 0, number) for i, number in enumerate(numbers)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


SECCOMP, FILTER_MODE = 22, 2
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

FORBIDDEN: dict[str, tuple[int | None, int | None]] = {
    # network
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    # another way to most calls of this table
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # programs and processes
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    # other processes of the same user
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    # the kernel's seldom used corners
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
}
"""Name to its numbers on x86_64 and aarch64."""
