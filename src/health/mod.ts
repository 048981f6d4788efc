const USUAL = "http://127.0.0.1:9190/healthz";
const TIMEOUT_MS = 4000;
const MAX_ANSWER_BYTES = 1024;

/**
 * Asks an instance whether it is well, for the health check of a container. Without a URL it asks the port of
 * `TENK_DASHBOARD_LISTEN`, or else 9190, of this machine. It imports nothing of ours, since its memory counts against the
 * container's limit while the instance runs.
 *
 * @returns 0 well, 1 not well or no answer, 2 wrong arguments
 */
export async function health(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  const [given = usualUrl(environment), ...others] = args;
  if (others.length > 0 || !URL.canParse(given) || !given.startsWith("http://")) {
    process.stderr.write(`tenk: Cannot ask ${args.join(" ")}: expected one URL such as ${USUAL}\n`);
    return 2;
  }
  const problem = await ask(new URL(given));
  if (problem === undefined) return 0;
  process.stderr.write(`tenk: ${given} ${problem}\n`);
  return 1;
}

function usualUrl({ TENK_DASHBOARD_LISTEN = "" }: NodeJS.ProcessEnv): string {
  const port = /(\d{1,5})$/.exec(TENK_DASHBOARD_LISTEN)?.[1];
  return port === undefined ? USUAL : USUAL.replace("9190", port);
}

/** By the runtime's own sockets: `node:net` would take 2 MB more. @returns what is wrong; undefined when it is well */
function ask({ hostname, port, pathname, search }: URL): Promise<string | undefined> {
  let answer = "";
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`did not answer within ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
    const end = (problem: string | undefined) => {
      clearTimeout(timer);
      resolve(problem);
    };
    const unreachable = (error: unknown) =>
      end(`cannot be reached: ${(error as { code?: string }).code ?? String(error)}`);
    const socket = {
      open(opened: Bun.Socket) {
        opened.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
      },
      data(_: Bun.Socket, bytes: Uint8Array) {
        answer += String.fromCharCode(...bytes.subarray(0, MAX_ANSWER_BYTES));
        const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(answer)?.[1];
        if (status !== undefined) end(status === "200" ? undefined : `answered ${status}`);
        else if (answer.length >= MAX_ANSWER_BYTES) end("gave an answer that is not HTTP");
      },
      close: () => end("closed the connection without an answer"),
      connectError: (_: Bun.Socket, error: Error) => unreachable(error),
      error: (_: Bun.Socket, error: Error) => unreachable(error),
    };
    const host = hostname.replace(/^\[|\]$/g, "");
    Bun.connect({ hostname: host, port: Number(port || 80), socket }).catch(unreachable);
  });
}
