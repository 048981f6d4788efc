/** What the settings of `publish:` do, and why their defaults are what they are: for `tenk schema` and docs/defaults.md. */

export const PUBLISH_ABOUT = {
  nats: "The NATS server that joins the nodes, or several of one cluster: nats://10.0.0.2:4222, or tls://",
  name: ["the host's name", "Of this node, in the status of the others"],
  prefix: "First word of all subjects: nodes with another one are apart",
  user: ["none", "A user's name at the server"],
  password: ["none", "Its password itself; better in a file"],
  passwordFile: ["none", "A file with its password"],
  passwordEnv: ["none", "An environment variable with its password"],
  token: ["none", "A token for the server itself; better in a file"],
  tokenFile: ["none", "A file with the token"],
  tokenEnv: ["none", "An environment variable with the token"],
  credentials: ["none", "A credentials file of NATS (.creds), with a JWT and its seed"],
  tls: ["by the URL and the server", "TLS to the server"],
  maxQueued:
    "Bytes that may wait while the server is away or slow: some seconds of a busy chat; more are dropped and counted",
  maxMessage: "A longer message is not sent, and counted; the server has a limit of its own, 1 MiB as well",
  maxBackoff: "Longest time between two attempts to connect; it tries without end",
  announce: "How often a node tells how much it has sent, by which others know that a last message was lost",
  maxNodes: "Other nodes that are known at a time: bounded, as anybody at the server can claim to be one",
} as const;

export const PUBLISH_TLS_ABOUT = {
  ca: ["the system's", "Who signs the server's certificate: a file or PEM text"],
  cert: ["none", "Our certificate, for servers that ask for one"],
  key: ["none", "Its private key"],
} as const;
