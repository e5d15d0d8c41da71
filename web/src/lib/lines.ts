/** Log lines as they are read: terms to highlight, a buffer of the latest ones. */

export interface Piece {
  text: string;
  /** Which of the terms it is, from 0; undefined for the text between. */
  term?: number;
}

/** The text cut where a term stands (whatever the case of its letters); the earlier of two overlapping terms wins. */
export function highlighted(text: string, terms: readonly string[]): Piece[] {
  const wanted = terms.map((term) => term.toLowerCase());
  if (wanted.every((term) => term === "")) return [{ text }];
  const folded = text.toLowerCase();
  const pieces: Piece[] = [];
  let at = 0;
  for (;;) {
    let best = -1;
    let which = -1;
    wanted.forEach((term, index) => {
      const found = term === "" ? -1 : folded.indexOf(term, at);
      if (found >= 0 && (best < 0 || found < best)) [best, which] = [found, index];
    });
    if (best < 0) break;
    if (best > at) pieces.push({ text: text.slice(at, best) });
    const end = best + (wanted[which]?.length ?? 0);
    pieces.push({ text: text.slice(best, end), term: which });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/** The newest `most` of both, and how many had to go. */
export function appended<T>(
  old: readonly T[],
  fresh: readonly T[],
  most: number,
): { items: T[]; dropped: number } {
  const all = old.length === 0 ? [...fresh] : [...old, ...fresh];
  const dropped = Math.max(0, all.length - most);
  return { items: dropped ? all.slice(dropped) : all, dropped };
}

/** Words a filter pattern looks for, to highlight them: quoted parts and bare words, not JSON or column patterns. */
export function patternTerms(pattern: string): string[] {
  const text = pattern.trim();
  if (text.startsWith("{")) return [...text.matchAll(/"([^"*]+)"/g)].map((match) => match[1] ?? "");
  if (text.startsWith("[") || text.startsWith("%")) return [];
  return [...text.matchAll(/(-?)\??(?:"([^"]+)"|([^\s"]+))/g)].flatMap(([, minus, quoted, bare]) =>
    minus ? [] : [quoted ?? bare ?? ""],
  );
}
