/** Numbers as people read them. */

/** `1,234`, `12.3 k`, `4.56 M`: three significant digits above a thousand. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e12) return `${significant(value / 1e12)} T`;
  if (size >= 1e9) return `${significant(value / 1e9)} G`;
  if (size >= 1e6) return `${significant(value / 1e6)} M`;
  if (size >= 1e4) return `${significant(value / 1e3)} k`;
  if (size >= 1000) return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  return significant(value);
}

/** `1.5 KiB`; whole bytes below that. */
export function formatBytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : significant(size)} ${units[unit]}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}
