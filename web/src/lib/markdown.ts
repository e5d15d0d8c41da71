/**
 * The markdown of text widgets as a tree: headings, paragraphs, lists, quotes, code, tables, rules, links, emphasis.
 * No HTML: what looks like a tag is text. Links go to http, https, mailto and places in the console, nowhere else;
 * pictures are links, because nothing is loaded from elsewhere.
 */

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "emphasis" | "struck"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[]; button?: "primary" | "normal" }
  | { kind: "break" };

export type Block =
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "list"; ordered: boolean; start: number; items: Block[][] }
  | { kind: "quote"; children: Block[] }
  | { kind: "code"; text: string }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])\s+(.*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const DEPTH = 8;

export function markdown(text: string, depth = 0): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const [block, next] = blockAt(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function blockAt(lines: string[], at: number, depth: number): [Block, number] {
  const line = lines[at] ?? "";
  const fence = FENCE.exec(line)?.[1];
  if (fence) return fenced(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading)
    return [{ kind: "heading", level: heading[1]?.length ?? 1, children: inline(heading[2] ?? "") }, at + 1];
  if (RULE.test(line)) return [{ kind: "rule" }, at + 1];
  if (/^ {0,3}>/.test(line) && depth < DEPTH) return quote(lines, at, depth);
  if (ITEM.test(line) && depth < DEPTH) return list(lines, at, depth);
  if (line.includes("|") && DIVIDER.test(lines[at + 1] ?? "") && (lines[at + 1] ?? "").includes("-")) {
    return table(lines, at);
  }
  return paragraph(lines, at);
}

function fenced(lines: string[], at: number, fence: string): [Block, number] {
  const end = lines.findIndex((line, index) => index > at && line.trim().startsWith(fence));
  const last = end < 0 ? lines.length : end;
  return [{ kind: "code", text: lines.slice(at + 1, last).join("\n") }, last + 1];
}

function quote(lines: string[], at: number, depth: number): [Block, number] {
  let end = at;
  while (end < lines.length && /^ {0,3}>/.test(lines[end] ?? "")) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return [{ kind: "quote", children: markdown(inner.join("\n"), depth + 1) }, end];
}

function list(lines: string[], at: number, depth: number): [Block, number] {
  const [, , mark = "-"] = ITEM.exec(lines[at] ?? "") ?? [];
  const ordered = /\d/.test(mark);
  const items: string[][] = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const line = lines[end] ?? "";
    const item = ITEM.exec(line);
    if (item && /\d/.test(item[2] ?? "") === ordered && !RULE.test(line)) items.push([item[3] ?? ""]);
    else if (/^\s{2,}\S/.test(line)) items.at(-1)?.push(line.replace(/^\s{2,4}/, ""));
    else break;
  }
  return [
    {
      kind: "list",
      ordered,
      start: ordered ? Number.parseInt(mark, 10) : 1,
      items: items.map((item) => markdown(item.join("\n"), depth + 1)),
    },
    end,
  ];
}

function table(lines: string[], at: number): [Block, number] {
  const head = cells(lines[at] ?? "");
  let end = at + 2;
  const rows: Inline[][][] = [];
  for (; end < lines.length && (lines[end] ?? "").includes("|"); end += 1) {
    const row = cells(lines[end] ?? "");
    rows.push(head.map((_, index) => inline(row[index] ?? "")));
  }
  return [{ kind: "table", head: head.map(inline), rows }, end];
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

function paragraph(lines: string[], at: number): [Block, number] {
  let end = at + 1;
  const starts = (line: string) =>
    line.trim() === "" ||
    FENCE.test(line) ||
    HEADING.test(line) ||
    RULE.test(line) ||
    ITEM.test(line) ||
    /^ {0,3}>/.test(line);
  while (end < lines.length && !starts(lines[end] ?? "")) end += 1;
  return [{ kind: "paragraph", children: inline(lines.slice(at, end).join("\n").trim()) }, end];
}

type Rule = [RegExp, (found: RegExpExecArray) => Inline];

const RULES: Rule[] = [
  [/^\\([!-/:-@[-`{-~])/, (m) => ({ kind: "text", text: m[1] ?? "" })],
  [/^`([^`\n]+)`/, (m) => ({ kind: "code", text: m[1] ?? "" })],
  [/^(?:\*\*|__)(?=\S)([^\n]+?)(?:\*\*|__)/, (m) => ({ kind: "strong", children: inline(m[1] ?? "") })],
  [/^\*(?=\S)([^*\n]+)\*/, (m) => ({ kind: "emphasis", children: inline(m[1] ?? "") })],
  [/^~~(?=\S)([^~\n]+)~~/, (m) => ({ kind: "struck", children: inline(m[1] ?? "") })],
  // CloudWatch's buttons: [button:primary:Text](address)
  [
    /^\[button:(?:(primary|normal):)?([^\]\n]*)\]\(([^()\s]+)\)/,
    (m) => link(m[2] ?? "", m[3] ?? "", m[1] === "primary" ? "primary" : "normal"),
  ],
  [/^!?\[([^\]\n]*)\]\(([^()\s]+)(?:\s+"[^"\n]*")?\)/, (m) => link(m[1] ?? "", m[2] ?? "")],
  [/^<(https?:\/\/[^\s<>]+)>/, (m) => link(m[1] ?? "", m[1] ?? "")],
  [/^https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"]/, (m) => link(m[0], m[0])],
  [/^(?: {2,}|\\)\n/, () => ({ kind: "break" })],
];

/** Characters at which something other than text may start. */
const PLAIN = /^(?:[A-Za-z0-9]+(?!:\/\/)|[^\\`*_~[!<h \n]+)/;

export function inline(text: string): Inline[] {
  const found: Inline[] = [];
  const say = (piece: string) => {
    const last = found.at(-1);
    if (last?.kind === "text") found[found.length - 1] = { kind: "text", text: last.text + piece };
    else found.push({ kind: "text", text: piece });
  };
  let rest = text;
  while (rest) {
    const rule = RULES.map(([pattern, make]) => [pattern.exec(rest), make] as const).find(([m]) => m);
    if (rule?.[0]) {
      const made = rule[1](rule[0]);
      if (made.kind === "text") say(made.text);
      else found.push(made);
      rest = rest.slice(rule[0][0].length);
      continue;
    }
    const piece = PLAIN.exec(rest)?.[0] ?? rest[0] ?? "";
    say(piece);
    rest = rest.slice(piece.length);
  }
  return found;
}

function link(words: string, address: string, button?: "primary" | "normal"): Inline {
  const href = safeAddress(address);
  if (!href) return { kind: "text", text: words || address };
  const children = words === address ? [{ kind: "text" as const, text: words }] : inline(words || address);
  return button ? { kind: "link", href, children, button } : { kind: "link", href, children };
}

/** The address when following it runs nothing; undefined otherwise. */
export function safeAddress(address: string): string | undefined {
  if (/^#/.test(address)) return address;
  return /^(https?:\/\/|mailto:)/i.test(address) ? address : undefined;
}
