/** Replaces one file again and again, until it is killed. */

import { logOf } from "../../src/base/mod.ts";
import { PrivateFolder } from "../../src/certificates/files.ts";

const folder = new PrivateFolder(process.argv[2]!, logOf("certificates"));
await folder.open();
for (let number = 0; ; number++) {
  await folder.write("x.pem", `${number}${"-".repeat(200_000)}${number}`);
  process.stdout.write(".");
}
