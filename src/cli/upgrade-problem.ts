type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns why another process cannot take over from this one; undefined where it can.
 *
 * @param isForParent it is a child that lives as long as its parent
 */
export function upgradeProblem(
  isForParent: boolean,
  { SYSTEMD_EXEC_PID, NOTIFY_SOCKET }: Environment = process.env,
  pid: number = process.pid,
): string | undefined {
  if (isForParent) return "this instance belongs to another program (tenk demo)";
  if (pid === 1) return "it is the first process of a container, which ends with it: start another container instead";
  if (SYSTEMD_EXEC_PID === String(pid) && NOTIFY_SOCKET === undefined)
    return "systemd would end the service with this process: its unit needs Type=notify and NotifyAccess=all";
  return undefined;
}
