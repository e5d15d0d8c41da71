/** One event in a list: time, text, and everything about it when it is opened. */
import { memo, type ReactNode } from "react";
import "../../styles/records.css";
import { jsonIn } from "../../lib/insights";
import { highlighted } from "../../lib/lines";

const NONE: string[] = [];

export interface LogLineProps {
  time: string;
  stream?: string | undefined;
  message: string;
  open?: boolean;
  onToggle?: () => void;
  marked?: boolean;
  terms?: string[];
  /** Shown when it is open, in the place of the message as JSON or text. */
  children?: ReactNode;
}

export const LogLine = memo(function LogLine(props: LogLineProps) {
  const { message, open = false, terms = NONE } = props;
  return (
    <div className={`log-line${props.marked ? " log-line-marked" : ""}`}>
      {props.onToggle ? (
        <button type="button" className="log-line-head mono" aria-expanded={open} onClick={props.onToggle}>
          <span className="log-line-sign" aria-hidden="true">
            {open ? "▾" : "▸"}
          </span>
          <Line {...props} terms={terms} />
        </button>
      ) : (
        <div className="log-line-head mono">
          <Line {...props} terms={terms} />
        </div>
      )}
      {open && <div className="log-line-body">{props.children ?? <Pretty message={message} />}</div>}
    </div>
  );
});

function Line({ time, stream, message, terms }: LogLineProps & { terms: string[] }) {
  return (
    <>
      <span className="log-line-time">{time}</span>
      {stream !== undefined && (
        <span className="log-line-stream" title={stream}>
          {stream}
        </span>
      )}
      <span className="log-line-text">
        <Highlighted text={message} terms={terms} />
      </span>
    </>
  );
}

export function Highlighted({ text, terms }: { text: string; terms: string[] }) {
  return highlighted(text, terms).map((piece, index) =>
    piece.term === undefined ? (
      piece.text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no names
      <mark key={index} className={`term-${piece.term % 5}`}>
        {piece.text}
      </mark>
    ),
  );
}

/** A message as indented JSON where it is some, otherwise as it is. */
export function Pretty({ message }: { message: string }) {
  const value = jsonIn(message);
  const lead = value ? message.slice(0, message.indexOf("{")).trim() : "";
  return (
    <pre className="mono breaks log-line-pre">
      {value ? `${lead ? `${lead}\n` : ""}${JSON.stringify(value, null, 2)}` : message}
    </pre>
  );
}
