import { z } from "zod";
import { CHALLENGE_KINDS, checkedName, DIRECTORIES, isAddress } from "../../certificates/mod.ts";
import { duration, list, oneOf, pem, section, text } from "../../part/mod.ts";

const EXPECTED_CA = `expected off, ${Object.keys(DIRECTORIES).join(", ")} or the URL of an ACME directory`;
const isDirectory = (given: string) =>
  given in DIRECTORIES || given.startsWith("https://") || given.startsWith("http://");

function isDomain(text: string): boolean {
  try {
    return isAddress(checkedName(text)) === false && !text.startsWith("*");
  } catch {
    return false;
  }
}

/** The `certificates:` section: who signs names that are public. Local names have the local CA. */
export const CERTIFICATES_SCHEMA = section({
  acme: z
    .union([z.literal(["off", false]).transform(() => "off"), z.string().refine(isDirectory)], { error: EXPECTED_CA })
    .default("letsencrypt"),
  local: z
    .array(z.string().refine(isDomain, { error: "expected a domain such as fritz.box" }))
    .transform((domains) => domains.map(checkedName))
    .optional(),
  email: z.email({ error: "expected an e-mail address" }).optional(),
  ca: pem.optional(),
  profile: text("a profile of the CA such as shortlived").optional(),
  preferredChain: text("the common name of a root").optional(),
  challenges: z
    .array(oneOf(...CHALLENGE_KINDS))
    .min(1)
    .optional(),
  dns: section({
    command: list("a command and its arguments"),
    timeout: duration.optional(),
    wait: duration.optional(),
  }).optional(),
  externalAccount: section({
    keyId: text("the key's id, as the CA shows it"),
    macKey: text("the MAC key, as the CA shows it").meta({ secret: true }),
  }).optional(),
}).prefault({});

export type CertificatesConfig = z.output<typeof CERTIFICATES_SCHEMA>;
