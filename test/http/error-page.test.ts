import { describe, expect, test } from "bun:test";
import { ErrorFormat, errorFormat, errorPage } from "../../src/http/mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

describe("the format of an error page", () => {
  test.each([
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ErrorFormat.html],
    ["application/json", ErrorFormat.json],
    ["Application/JSON, text/plain, */*", ErrorFormat.json],
    ["application/problem+json", ErrorFormat.json],
    ["application/json, text/html", ErrorFormat.json],
    ["*/*", ErrorFormat.text],
    ["text/htm", ErrorFormat.text],
    ["jso", ErrorFormat.text],
    ["", ErrorFormat.text],
  ])("that accepts %j", (accept, format) => {
    const bytes = encoder.encode(`x${accept}n/html`);
    expect(errorFormat(bytes, 1, 1 + accept.length)).toBe(format);
  });
});

describe("an error page", () => {
  test("says what happened and what to do, as a page of its own", () => {
    const { content, contentType } = errorPage(502, "Bad Gateway", ErrorFormat.html);
    expect(decoder.decode(contentType)).toBe("Content-Type: text/html; charset=utf-8\r\n");
    expect(decoder.decode(content)).toContain("<title>502 Bad Gateway</title>");
    expect(decoder.decode(content)).toContain("It may be starting, or it may be down.");
  });

  test("is problem details where JSON was asked for (RFC 9457)", () => {
    const { content, contentType } = errorPage(404, "Not Found", ErrorFormat.json, 'no "a"');
    expect(decoder.decode(contentType)).toBe("Content-Type: application/problem+json\r\n");
    expect(JSON.parse(decoder.decode(content))).toEqual({ title: "Not Found", status: 404, detail: 'no "a"' });
  });

  test("shows a detail as text", () => {
    const { content } = errorPage(404, "Not Found", ErrorFormat.html, "<script>&\"'");
    expect(decoder.decode(content)).toContain("<p>&#60;script&#62;&#38;&#34;&#39;</p>");
  });

  test("of a status without a sentence is its title", () => {
    expect(decoder.decode(errorPage(418, "", ErrorFormat.text).content)).toBe("418 Error\n");
  });

  test("without a detail is made once", () => {
    expect(errorPage(503, "Service Unavailable", ErrorFormat.text)).toBe(
      errorPage(503, "Service Unavailable", ErrorFormat.text),
    );
  });
});
