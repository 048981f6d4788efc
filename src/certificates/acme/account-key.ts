import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { logOf, messageOf } from "../../base/mod.ts";
import { PrivateFolder } from "../files.ts";
import { AcmeError } from "./error.ts";
import { Signer } from "./jws.ts";

const log = logOf("certificates");

/**
 * Reads the account's key at one CA, or makes one where there is none. It is a private file: whoever has it can order
 * certificates for every name that the account has proved. Each CA has a key of its own, so that none can be taken for another's.
 *
 * @param path of the folder; undefined keeps the key in memory
 * @throws {AcmeError} step `account`: a file that cannot be used is never replaced
 */
export async function loadAccountKey(path: string | undefined, directoryUrl: string): Promise<Signer> {
  const folder = new PrivateFolder(path, log);
  const name = accountKeyFile(directoryUrl);
  try {
    await folder.open();
    const pem = (await folder.read(name)) ?? (await folder.writeOnce(name, newKeyPem()));
    return await Signer.of(createPrivateKey(pem).export({ type: "pkcs8", format: "der" }));
  } catch (error) {
    const fix = "expected a private key of P-256 in PEM; move the file away, and a new account is made";
    throw new AcmeError("account", `${path}/${name}`, messageOf(error), { cause: error, fix });
  }
}

/** `https://ca.example.org:9000/acme/directory` → `account-ca.example.org-9000.pem` */
export function accountKeyFile(directoryUrl: string): string {
  return `account-${new URL(directoryUrl).host.replace(/[^\w.-]+/g, "-")}.pem`;
}

function newKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
