import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** A certificate that is its own authority, for `dns.example` and 127.0.0.1: files in `folder`. */
export function selfSigned(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:dns.example,IP:127.0.0.1"];
  execFileSync("openssl", [...words, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert, key };
}
