import { describe, expect, test } from "bun:test";
import { haproxyConfig, nginxConfig } from "../../bench/proxies.ts";

describe("the proxies' configurations", () => {
  const files = { cert: "c.pem", key: "k.pem", both: "b.pem" };
  const ports = { port: 1001, backendPort: 1002, tlsPort: 1003 };

  test("listen and pass on, one thread each", () => {
    for (const text of [haproxyConfig(ports), nginxConfig(ports)]) {
      expect(text).toContain("127.0.0.1:1001");
      expect(text).toContain("127.0.0.1:1002");
      expect(text).not.toContain("ssl");
    }
    expect(haproxyConfig(ports)).toContain("nbthread 1");
    expect(nginxConfig(ports)).toContain("worker_processes 1;");
  });

  test("end TLS where they are given a certificate", () => {
    expect(haproxyConfig(ports, files)).toContain("bind 127.0.0.1:1001 ssl crt b.pem\n");
    expect(nginxConfig(ports, files)).toContain("listen 127.0.0.1:1001 ssl;\n    ssl_certificate c.pem;");
  });
});
