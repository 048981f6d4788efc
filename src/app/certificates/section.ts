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
export const CERTIFICATES_SCHEMA = section(
  {
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
    dns: section(
      {
        command: list("a command and its arguments"),
        timeout: duration.optional(),
        wait: duration.optional(),
      },
      {
        command: "The program that sets the TXT record of a name, for dns-01",
        timeout: ["2m", "End the program after so long"],
        wait: ["10s", "For the record to reach all name servers"],
      },
    ).optional(),
    externalAccount: section(
      {
        keyId: text("the key's id, as the CA shows it"),
        macKey: text("the MAC key, as the CA shows it").meta({ secret: true }).optional(),
        macKeyFile: text("a file's path").optional(),
      },
      {
        keyId: "The key's id, as the CA shows it",
        macKey: ["none", "The MAC key, as the CA shows it; better in a file"],
        macKeyFile: ["none", "A file with the MAC key"],
      },
    )
      .refine(({ macKey, macKeyFile }) => (macKey === undefined) !== (macKeyFile === undefined), {
        error: "expected one of macKey and macKeyFile",
      })
      .optional(),
  },
  {
    acme: "Who signs public names: letsencrypt needs no account; off, or another CA. Names of the house have the local CA, and nothing is asked",
    local: ["none", "Domains of your own network that look public: fritz.box"],
    email: ["none", "Where the CA may write to; none is needed"],
    ca: ["the system's", "Who signed the certificate of the directory's own server"],
    profile: ["the CA's choice", "shortlived for certificates of six days"],
    preferredChain: ["the CA's choice", "The common name of the root that the chain should lead to"],
    challenges: ["all that work", "How names are proved: dns-01, http-01, tls-alpn-01"],
    dns: ["none", "How dns-01 sets its records"],
    externalAccount: ["none", "An account at that CA, which ZeroSSL and Google ask for"],
  },
).prefault({});

export type CertificatesConfig = z.output<typeof CERTIFICATES_SCHEMA>;
