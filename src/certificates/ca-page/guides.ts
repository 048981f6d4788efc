import type { Guide } from "../../base/mod.ts";

/** Settings are named as the newest systems of 2026 name them. */
export const GUIDES: readonly Guide[] = [
  {
    device: "iPhone and iPad",
    steps: [
      "Open this page in Safari and tap {profile}. Allow the download.",
      "Open <b>Settings</b>: tap <b>Profile Downloaded</b> at the top, then <b>Install</b>.",
      "Then <b>Settings → General → About → Certificate Trust Settings</b>: switch on <b>{name}</b>. Without this step nothing is trusted.",
    ],
  },
  {
    device: "Android",
    steps: [
      "Download {der}.",
      "Open <b>Settings</b> and search for <b>CA certificate</b> (Security → More security settings → Encryption &amp; credentials → Install a certificate). Confirm the warning and choose the file.",
    ],
    note: "Browsers then trust it. Apps do only if their makers allow certificates that users added; some do not. If one that does still complains, install {intermediate} in the same way. Firefox: Settings → About Firefox, tap the logo five times, then Secret Settings → Use third party CA certificates.",
  },
  {
    device: "Windows",
    steps: [
      "Download {der} and open it. Choose <b>Install Certificate</b>, <b>Current User</b>, <b>Place all certificates in the following store</b>: <b>Trusted Root Certification Authorities</b>.",
      "Compare the thumbprint that Windows shows: it is the SHA-1 one, {sha1}.",
    ],
    note: "Edge, Chrome and Firefox use this store.",
  },
  {
    device: "macOS",
    steps: [
      "Open {profile}, then <b>System Settings → General → Device Management</b>: open the profile and choose <b>Install</b>.",
    ],
    note: "Or in a terminal: <code>sudo security add-trusted-cert -d -k /Library/Keychains/System.keychain root.crt</code>",
  },
  {
    device: "Linux",
    steps: [
      "With tenk: <code>tenk trust --from {url}/root.crt --fingerprint {sha256}</code> installs it for the system, Chromium and Firefox.",
      "Debian, Ubuntu: copy {pem} to <code>/usr/local/share/ca-certificates/tenk.crt</code>, then <code>sudo update-ca-certificates</code>. Fedora: to <code>/etc/pki/ca-trust/source/anchors/</code>, then <code>sudo update-ca-trust</code>. Arch: <code>sudo trust anchor root.crt</code>.",
      "Chromium: <code>chrome://certificate-manager</code>, Installed by you, Trusted certificates, Import.",
    ],
  },
  {
    device: "Firefox on a computer",
    steps: [
      "Settings → Privacy &amp; Security → Certificates → <b>View Certificates</b> → Authorities → <b>Import</b> {pem}, and tick <b>Trust this CA to identify websites</b>.",
    ],
  },
];
