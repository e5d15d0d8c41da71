/**
 * Decoder of `application/vnd.amazon.eventstream`: bytes in, messages out, whatever the chunks' borders.
 * A frame is: total length, headers length, CRC of both, headers, payload, CRC of everything before.
 */

export interface StreamMessage {
  /** `:message-type`: event, exception or error. */
  type: string;
  /** `:event-type`, `:exception-type` or `:error-code`. */
  name: string;
  payload: Uint8Array;
}

const PRELUDE = 12;
const CHECKSUM = 4;
/** AWS's own bound of one message. */
const LONGEST_FRAME = 24 * 1024 * 1024;

/** Collects bytes and returns the messages that became complete; raises RangeError on a broken frame. */
export class FrameReader {
  private rest = new Uint8Array(0);

  push(chunk: Uint8Array): StreamMessage[] {
    let data = joined(this.rest, chunk);
    const messages: StreamMessage[] = [];
    for (
      let length = frameLength(data);
      length !== undefined && data.length >= length;
      length = frameLength(data)
    ) {
      messages.push(message(data.subarray(0, length)));
      data = data.subarray(length);
    }
    this.rest = data.slice();
    return messages;
  }
}

/** The messages of a reply as they arrive; ends with the stream, raises when the signal aborts it. */
export async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  const reader = body.getReader();
  const frames = new FrameReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read())
      yield* frames.push(read.value);
  } finally {
    reader.cancel().catch(() => undefined); // the connection is over either way
  }
}

/** A message's payload as the JSON value it is. */
export function json<T>(of: StreamMessage): T {
  return JSON.parse(new TextDecoder().decode(of.payload)) as T;
}

function frameLength(data: Uint8Array): number | undefined {
  if (data.length < PRELUDE) return undefined;
  const length = view(data).getUint32(0);
  if (length < PRELUDE + CHECKSUM || length > LONGEST_FRAME)
    throw new RangeError(`a frame of ${length} bytes`);
  return length;
}

function message(frame: Uint8Array): StreamMessage {
  const numbers = view(frame);
  if (numbers.getUint32(8) !== crc32(frame.subarray(0, 8))) throw new RangeError("prelude checksum");
  const end = frame.length - CHECKSUM;
  if (numbers.getUint32(end) !== crc32(frame.subarray(0, end))) throw new RangeError("message checksum");
  const payloadStart = PRELUDE + numbers.getUint32(4);
  const headers = headersOf(frame.subarray(PRELUDE, payloadStart));
  const type = headers.get(":message-type") ?? "event";
  const name =
    headers.get(":event-type") ?? headers.get(":exception-type") ?? headers.get(":error-code") ?? "";
  return { type, name, payload: frame.slice(payloadStart, end) };
}

/** Bytes of a header value of each type that has a fixed length; 6 and 7 carry their length. */
const FIXED: Record<number, number> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };

/** The string headers; others are skipped, no message we read carries them. */
function headersOf(data: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  const text = new TextDecoder();
  let at = 0;
  while (at < data.length) {
    const nameLength = data[at] ?? 0;
    const name = text.decode(data.subarray(at + 1, at + 1 + nameLength));
    at += 1 + nameLength;
    const type = data[at] ?? 0;
    at += 1;
    const fixed = FIXED[type];
    const length = fixed ?? view(data).getUint16(at);
    if (fixed === undefined) at += 2;
    if (type === 7) found.set(name, text.decode(data.subarray(at, at + length)));
    at += length;
  }
  return found;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function view(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

export function crc32(data: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of data) c = (CRC_TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
