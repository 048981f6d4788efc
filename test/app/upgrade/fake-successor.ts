/** A new program that is broken in the way that its first word says. Runs in place of tenk; speaks the control channel. */
const [, , how] = process.argv;

const say = (message: object) => process.send?.(message);

if (how === "exits") process.exit(7);
if (how === "fails") say({ kind: "failed", reason: "tcp.echo.listen: expected a port" });
if (how === "dies") {
  process.on("message", () => process.exit(9));
  say({ kind: "ready", version: "9.9.9" });
}
if (how === "unhealthy") {
  process.on("message", () => say({ kind: "failed", reason: "/healthz answers 503" }));
  say({ kind: "ready", version: "9.9.9" });
}
// "hangs", and the others until they are ended.
setInterval(() => undefined, 1000);
