/** Rows as files. No browser here; `ui/Download` hands the text over. */

/** RFC 4180, with a leading quote where a spreadsheet would run the text as a formula. */
export function csv(columns: readonly string[], rows: readonly Record<string, unknown>[]): string {
  // `@timestamp` is a field's name, and what a program reading the file looks for.
  const head = columns.map((name) => (/^@\w+$/.test(name) ? name : cell(name))).join(",");
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(","));
  return `${[head, ...lines].join("\r\n")}\r\n`;
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const plain = typeof value === "string" ? value : JSON.stringify(value);
  const text =
    typeof value === "string" && /^[=+\-@\t]/.test(plain) && !isNumber(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const isNumber = (text: string) => text !== "" && Number.isFinite(Number(text));
