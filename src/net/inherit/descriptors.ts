import { check } from "../ffi.ts";
import { libc } from "../libc.ts";

// Linux numbers (include/uapi/asm-generic/fcntl.h).
const F_DUPFD_CLOEXEC = 1030;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const O_NONBLOCK = 0o4000;
/** Standard input, output and errors are below. */
const FIRST_FREE = 3;

/** Returns another descriptor of the same socket, which programs that are started do not get. @throws {SystemError} `EMFILE`, `EBADF` */
export function duplicate(descriptor: number): number {
  return check(libc.fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST_FREE), "fcntl F_DUPFD_CLOEXEC");
}

/** Makes an inherited descriptor one of this process alone, on which no call blocks. @throws {SystemError} `EBADF` */
export function adopt(descriptor: number): void {
  check(libc.fcntl(descriptor, F_SETFD, FD_CLOEXEC), "fcntl F_SETFD");
  const flags = check(libc.fcntl(descriptor, F_GETFL, 0), "fcntl F_GETFL");
  check(libc.fcntl(descriptor, F_SETFL, flags | O_NONBLOCK), "fcntl F_SETFL");
}
