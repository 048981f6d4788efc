import { FieldName } from "../../wire/http1/mod.ts";
import { fieldAt, type LineFormat, PROTOCOLS, ROOM, statusOf, writeField } from "./formats.ts";
import { ascii, type LineWriter } from "./line-writer.ts";
import { writeUrl } from "./url.ts";

const TEXT = {
  none: ascii("-"),
  space: ascii(" "),
  betweenNames: ascii(" - "),
  timeStart: ascii(" ["),
  timeEnd: ascii('] "'),
  quoteAndSpace: ascii('" '),
  fieldStart: ascii(' "'),
  quote: ascii('"'),
  end: ascii("\n"),
  noRequest: ascii('-" '),
  noContent: ascii(" 0"),
  noFields: ascii(' "-" "-"'),
};
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A name with a blank or a bracket would move the columns behind it. */
const isPlainInName = (code: number): boolean =>
  code > 0x20 && code < 0x7f && !'"\\[]'.includes(String.fromCharCode(code));

/**
 * The NCSA formats, as nginx and Apache write them: `ADDRESS - USER [TIME] "METHOD URI PROTOCOL" STATUS BYTES`, and with `hasFields`
 * (Combined) `"REFERER" "USER-AGENT"` behind that. BYTES are the answer's content.
 */
export function ncsaFormat(hasFields: boolean): LineFormat {
  return {
    begin(writer, { exchange, head, bytes, address }, pieces) {
      writeAddress(writer, address);
      pieces.firstEnd = writer.at;
      writer.escaped(bytes, head.methodStart, head.methodEnd, ROOM.method);
      writer.raw(TEXT.space);
      writeUrl(writer, bytes, head.targetStart, head.targetEnd, ROOM.uri);
      writer.raw(TEXT.space);
      writer.raw(PROTOCOLS[exchange.protocol]);
      pieces.secondEnd = writer.at;
      if (hasFields) {
        for (const [name, room] of FIELDS) {
          const at = fieldAt(head, name);
          writer.raw(TEXT.fieldStart);
          if (at < 0) writer.raw(TEXT.none);
          else writeField(writer, head, bytes, at, room);
          writer.raw(TEXT.quote);
        }
      }
      pieces.thirdEnd = writer.at;
    },

    end(writer, exchange, { bytes, start, firstEnd, secondEnd, thirdEnd }, { user }) {
      writer.copy(bytes, start, firstEnd);
      writer.raw(TEXT.betweenNames);
      if (user === undefined || user === "") writer.raw(TEXT.none);
      else writer.text(user, ROOM.user, isPlainInName);
      writer.raw(TEXT.timeStart);
      writer.raw(localTime(Date.now()));
      writer.raw(TEXT.timeEnd);
      writer.copy(bytes, firstEnd, secondEnd);
      writer.raw(TEXT.quoteAndSpace);
      writer.count(statusOf(exchange));
      writer.raw(TEXT.space);
      writer.count(exchange.responseBodyBytes);
      writer.copy(bytes, secondEnd, thirdEnd);
      writer.raw(TEXT.end);
    },

    rejected(writer, address, status) {
      writeAddress(writer, address);
      writer.raw(TEXT.betweenNames);
      writer.raw(TEXT.none);
      writer.raw(TEXT.timeStart);
      writer.raw(localTime(Date.now()));
      writer.raw(TEXT.timeEnd);
      writer.raw(TEXT.noRequest);
      writer.count(status);
      writer.raw(TEXT.noContent);
      if (hasFields) writer.raw(TEXT.noFields);
      writer.raw(TEXT.end);
    },
  };
}

const FIELDS = [
  [FieldName.referer, ROOM.referer],
  [FieldName.userAgent, ROOM.agent],
] as const;

function writeAddress(writer: LineWriter, address: string): void {
  if (address === "") writer.raw(TEXT.none);
  else writer.text(address, ROOM.address);
}

let timeOfSecond = -1;
let time = ascii("");

/** `10/Oct/2000:13:55:36 -0700`; made once a second. */
function localTime(ms: number): Uint8Array {
  const second = Math.floor(ms / 1000);
  if (second !== timeOfSecond) {
    timeOfSecond = second;
    time = ascii(ncsaTime(new Date(second * 1000)));
  }
  return time;
}

function ncsaTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}:${clock} ${zone}`;
}
