import { describe, expect, it } from "vitest";
import { crc32, FrameReader, json, type StreamMessage } from "../../src/api/eventstream";

/** A frame as a server writes it; headers are strings, with a number (type 4) put first that readers skip. */
function frame(headers: Record<string, string>, payload: string): Uint8Array {
  const text = new TextEncoder();
  const parts: number[] = [1, 120, 4, 0, 0, 0, 9];
  for (const [name, value] of Object.entries(headers)) {
    const bytes = text.encode(value);
    parts.push(name.length, ...text.encode(name), 7, bytes.length >> 8, bytes.length & 255, ...bytes);
  }
  const body = text.encode(payload);
  const out = new Uint8Array(16 + parts.length + body.length);
  const numbers = new DataView(out.buffer);
  numbers.setUint32(0, out.length);
  numbers.setUint32(4, parts.length);
  numbers.setUint32(8, crc32(out.subarray(0, 8)));
  out.set(parts, 12);
  out.set(body, 12 + parts.length);
  numbers.setUint32(out.length - 4, crc32(out.subarray(0, out.length - 4)));
  return out;
}

const UPDATE = frame({ ":message-type": "event", ":event-type": "sessionUpdate" }, '{"results":["ü"]}');
const FAULT = frame({ ":message-type": "exception", ":exception-type": "SessionTimeoutException" }, "{}");

describe("event stream frames", () => {
  it("has the checksum everybody has", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  it.each([1, 2, 7, 64, 10_000])("arrive whole from chunks of %d bytes", (size) => {
    const bytes = new Uint8Array([...UPDATE, ...FAULT, ...UPDATE]);
    const reader = new FrameReader();
    const seen: StreamMessage[] = [];
    for (let at = 0; at < bytes.length; at += size) seen.push(...reader.push(bytes.subarray(at, at + size)));
    expect(seen.map(({ type, name }) => [type, name])).toEqual([
      ["event", "sessionUpdate"],
      ["exception", "SessionTimeoutException"],
      ["event", "sessionUpdate"],
    ]);
    expect(json(seen[2] as StreamMessage)).toEqual({ results: ["ü"] });
  });

  it("refuses a frame that was changed on its way", () => {
    const broken = UPDATE.slice();
    broken[40] = (broken[40] ?? 0) ^ 1;
    expect(() => new FrameReader().push(broken)).toThrow("checksum");
  });

  it("refuses an impossible length before waiting for it", () => {
    expect(() => new FrameReader().push(new Uint8Array(12).fill(255))).toThrow(RangeError);
  });
});
