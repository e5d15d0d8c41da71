/** Rows as files. No browser here; `ui/Download` hands the text over. */

/** RFC 4180, with a leading quote where a spreadsheet would run the text as a formula. */
export function csv(columns: readonly string[], rows: readonly Record<string, unknown>[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return `${lines.map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const plain = typeof value === "string" ? value : JSON.stringify(value);
  const text =
    typeof value === "string" && /^[=+\-@\t]/.test(plain) && !isNumber(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const isNumber = (text: string) => text !== "" && Number.isFinite(Number(text));
