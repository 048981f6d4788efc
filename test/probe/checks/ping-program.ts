/** Pings this machine, and prints what became of it. */
import { checkPing } from "../../../src/probe/checks/mod.ts";

for (const host of ["127.0.0.1", "::1"]) {
  const { result } = await checkPing({ host, timeoutMs: 10_000, slowMs: 10_000 });
  console.log(host, result);
}
