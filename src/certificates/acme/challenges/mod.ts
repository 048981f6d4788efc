/** Ways to prove a name to a CA. */
export { type DnsCommandOptions, DnsSolver } from "./dns-01.ts";
export { HttpSolver } from "./http-01.ts";
export { CHALLENGE_KINDS, type ChallengeKind, type Proof, type Solver, type Withdraw } from "./proof.ts";
export { TlsAlpnSolver } from "./tls-alpn-01.ts";
