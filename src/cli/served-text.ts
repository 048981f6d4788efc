import { formatAddress, type Instance } from "../app/mod.ts";

const MAX_NAMED = 4;

/**
 * Says in one line what an instance serves, as `systemctl status` shows it.
 *
 * ```text
 *   Serving tcp packets on 0.0.0.0:9091, proxy https on 0.0.0.0:443; dashboard http://127.0.0.1:9190/
 * ```
 */
export function servedText({ listeners, statusUrl }: Pick<Instance, "listeners" | "statusUrl">): string {
  const named = listeners.slice(0, MAX_NAMED).map((listener) => {
    const { part, name, path } = listener;
    return `${part} ${name} on ${formatAddress(path === undefined ? listener : { path })}`;
  });
  const others = listeners.length - named.length;
  const all = [...named, ...(others > 0 ? [`${others} more`] : [])].join(", ");
  return `Serving ${all === "" ? "no listener" : all}; dashboard ${statusUrl}`;
}
