import { describe, expect, test } from "bun:test";
import {
  checkFields,
  FIELD_NAMES,
  FieldName,
  FORWARDING,
  fieldNameOf,
  fieldNameText,
  fieldSet,
  Head,
  HOP_BY_HOP,
  isIdempotent,
  Method,
  methodOf,
} from "../../../src/wire/http1/mod.ts";
import { bytesOf, request } from "./support.ts";

const idOf = (name: string) => fieldNameOf(bytesOf(name), 0, name.length);
const known = Object.values(FieldName).filter((id) => id > FieldName.xForwardedOther);

test.each(known.map((id) => [fieldNameText(id), id] as const))(
  "%s has one id in any case, and no neighbour has it",
  (name, id) => {
    expect(idOf(name)).toBe(id);
    expect(idOf(name.toUpperCase())).toBe(id);
    for (let at = 0; at < name.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const other = name.slice(0, at) + String.fromCharCode(byte) + name.slice(at + 1);
        if (other.toLowerCase() !== name) expect(idOf(other)).not.toBe(id);
      }
    }
    for (const other of [`${name}x`, `x${name}`, name.slice(1), name.slice(0, -1), `${name}-`])
      expect(idOf(other)).not.toBe(id);
  },
);

test("there is an id for each name and no gap", () => {
  expect(known).toHaveLength(FIELD_NAMES - 4);
  expect([...new Set(known)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: FIELD_NAMES - 4 }, (_, index) => (index + 4) as never),
  );
  expect(fieldNameText(FieldName.secWebsocketKey)).toBe("sec-websocket-key");
  expect(fieldNameText(FieldName.http2Settings)).toBe("http2-settings");
});

test.each([
  ["x-odd", FieldName.unknown],
  ["X_Forwarded_For", FieldName.ambiguous],
  ["Remote.User", FieldName.ambiguous],
  ["X-Forwarded-User_Name", FieldName.ambiguous],
  ["X-Forwarded-User", FieldName.xForwardedOther],
  ["x-FORWARDED-ssl", FieldName.xForwardedOther],
  ["x-forwarded-", FieldName.unknown],
  ["X-Forwarded", FieldName.unknown],
  ["XX-Forwarded-User", FieldName.unknown],
  ["", -1],
  ["a b", -1],
  ["\xe4", -1],
])("%j has the class %d", (name, id) => {
  expect(idOf(name)).toBe(id as never);
});

test("sets hold names by id", () => {
  const set = fieldSet(FieldName.via, FieldName.server);
  expect([set[FieldName.via], set[FieldName.server], set[FieldName.date], set.length]).toEqual([1, 1, 0, FIELD_NAMES]);
  expect([HOP_BY_HOP[FieldName.te], HOP_BY_HOP[FieldName.host], FORWARDING[FieldName.xRealIp]]).toEqual([1, 0, 1]);
});

describe("Connection (H07)", () => {
  const names = (...lines: string[]) => {
    const { flags, fields } = request(
      `GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`,
    );
    return { flags, fields: fields?.slice(1).map(([name, , id]) => `${name} ${id}`) };
  };

  test("options are known in any case, in lists and in several lines", () => {
    expect(names("Connection: Close").flags).toEqual(["wantsClose"]);
    expect(names("connection: , keep-alive ,\tUPGRADE,").flags).toEqual(["wantsKeepAlive", "wantsUpgrade"]);
    expect(names("Connection: close", "Connection: upgrade").flags).toEqual(["wantsClose", "wantsUpgrade"]);
    expect(names("Connection: closed, close-, xclose").flags).toEqual(["namesOthers"]);
  });

  test("the lines it names end here, wherever they are", () => {
    expect(names("X-Auth-User: a", "Connection: x-auth-user, close, Cookie", "cookie: b", "X-Auth-Use: c")).toEqual({
      flags: ["wantsClose", "namesOthers"],
      fields: ["X-Auth-User namedByConnection", "Connection connection", "cookie namedByConnection", "X-Auth-Use "],
    });
  });

  test("it cannot end the fields that frame or route the message, and hop-by-hop ones keep their ids", () => {
    const lines = ["Content-Length: 5", "TE: trailers", "X-Forwarded-For: a", "X_Y: z"];
    expect(names("Connection: host, content-length, te, connection, x-forwarded-for, X_Y", ...lines).fields).toEqual([
      "Connection connection",
      "Content-Length content-length",
      "TE te",
      "X-Forwarded-For namedByConnection",
      "X_Y namedByConnection",
    ]);
  });

  test("32 options are read, over all lines, and one more is refused", () => {
    const options = (count: number) =>
      `Connection: ${Array.from({ length: count }, (_, index) => `x${index}`).join(",")}`;
    expect(names(options(30), options(2)).flags).toEqual(["namesOthers"]);
    expect(request(`GET / HTTP/1.1\r\nHost: a\r\n${options(30)}\r\n${options(3)}\r\n\r\n`)).toEqual({
      length: -400,
      refusal: "too-many-connection-options",
    });
  });
});

describe("a head filled in by HTTP/2", () => {
  const filled = (authority: string, ...lines: [string, string][]) => {
    const head = new Head(4);
    head.begin(20);
    const text = authority + lines.map(([name, value]) => `${name}${value}`).join("");
    const bytes = bytesOf(text);
    if (authority !== "") [head.hostStart, head.hostEnd] = [0, authority.length];
    let at = authority.length;
    let fits = true;
    for (const [name, value] of lines) {
      const valueStart = at + name.length;
      const id = fieldNameOf(bytes, at, valueStart) as FieldName;
      fits = head.add(at, valueStart, valueStart, valueStart + value.length, id) && fits;
      at = valueStart + value.length;
    }
    return { head, result: checkFields(head, bytes, true), fits };
  };

  test("is judged by the same rules", () => {
    const { head, result } = filled(
      "a",
      ["host", "A"],
      ["content-length", "5"],
      ["x_y", ""],
      ["expect", "100-continue"],
    );
    expect([result, head.contentLength, head.hasAmbiguousNames, head.expectsContinue]).toEqual([0, 5, true, true]);
    expect([head.at(FieldName.contentLength), head.at(FieldName.cookie)]).toEqual([1, -1]);
  });

  test.each([
    ["host-differs", [["host", "b"]]],
    [
      "host-repeated",
      [
        ["host", "a"],
        ["host", "a"],
      ],
    ],
    ["bad-content-length", [["content-length", "+5"]]],
    [
      "content-length-repeated",
      [
        ["content-length", "5"],
        ["content-length", "5"],
      ],
    ],
  ] as [string, [string, string][]][])("%s", (refusal, lines) => {
    expect(filled("a", ...lines).head.refusal as string).toBe(refusal);
  });

  test("holds as many lines as it was made for", () => {
    const lines = Array.from({ length: 5 }, () => ["a", "b"] as [string, string]);
    expect([filled("a", ...lines.slice(1)).fits, filled("a", ...lines).fits]).toEqual([true, false]);
  });
});

test("methods are known by their exact name", () => {
  const of = (name: string) => methodOf(bytesOf(name), 0, name.length);
  for (const [name, id] of Object.entries(Method)) {
    if (id === Method.other) continue;
    expect(of(name.toUpperCase())).toBe(id);
    for (const other of [name, `${name.toUpperCase()}S`, name.toUpperCase().slice(0, -1)])
      expect(of(other)).toBe(Method.other);
  }
  for (const name of ["G", "GE", "GXT", "PROPFIND", "OTHER", "", "HEAX"]) expect(of(name)).toBe(Method.other);
  const idempotent = Object.entries(Method).filter(([, id]) => isIdempotent(id));
  expect(idempotent.map(([name]) => name)).toEqual(["get", "head", "put", "delete", "options", "trace"]);
});
