import { TenkError } from "../../base/mod.ts";

/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST = 3;
const MOST = 1024;

/**
 * Returns the descriptors that systemd started this process with (`LISTEN_PID`, `LISTEN_FDS`; sd_listen_fds(3)), and removes the
 * variables, so that programs which this one starts do not take them for theirs.
 *
 * @throws {TenkError} `invalid-option` for a number that is none
 */
export function descriptorsOfSystemd(environment: NodeJS.ProcessEnv = process.env, pid = process.pid): number[] {
  const { LISTEN_PID, LISTEN_FDS = "" } = environment;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"]) delete environment[name];
  if (LISTEN_PID !== String(pid)) return [];
  if (!/^\d+$/.test(LISTEN_FDS) || Number(LISTEN_FDS) > MOST)
    throw new TenkError(
      "invalid-option",
      `Cannot use LISTEN_FDS: expected a number up to ${MOST}, found "${LISTEN_FDS}"`,
    );
  return Array.from({ length: Number(LISTEN_FDS) }, (_, index) => FIRST + index);
}
