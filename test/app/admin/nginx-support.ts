/** Debian's nginx in front of a box, as people set it up. */
import { test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../net/support.ts";

export const NGINX = "/usr/sbin/nginx";

/** Whether there are such programs; where one is missing, a test that says so, and that fails in CI. */
export function hasPrograms(what: string, programs: readonly string[]): boolean {
  const missing = programs.filter((program) => !existsSync(program));
  if (missing.length === 0) return true;
  test.skipIf(process.env.CI !== "true")(`${what}: needs ${missing.join(", ")}`, () => {
    throw new Error(`This check needs ${missing.join(", ")}, and must not be left out in CI`);
  });
  return false;
}

export const hasNginx = () => hasPrograms("behind nginx", [NGINX]);

export interface Nginx extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/**
 * Starts it on loopback; it ends with the block that uses it.
 *
 * @param server what stands in `server { … }` beside `listen`
 * @param wrapped words in front of the command, such as those that enter a namespace
 */
export async function startNginx(server: string, wrapped: readonly string[] = [], port?: number): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-nginx-"));
  const at = port ?? (await freePort());
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log warn; daemon off; master_process off;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server { listen 127.0.0.1:${at}; ${server} }
}
`,
  );
  const [command = "", ...words] = [...wrapped, NGINX, "-c", file, "-e", `${folder}/error.log`];
  const child = spawn(command, words, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const url = `http://127.0.0.1:${at}`;
  async function isUp(): Promise<boolean> {
    if (wrapped.length > 0) return existsSync(join(folder, "pid"));
    return (await fetch(url).catch(() => undefined)) !== undefined;
  }
  for (let tries = 0; tries < 200 && child.exitCode === null && !(await isUp()); tries++) await Bun.sleep(50);
  if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
  return {
    port: at,
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
