/** Where in a JSON text something stands: errors of a checked document are shown at their place. */

export interface Span {
  from: number;
  to: number;
}

/** The span of `/widgets/0/properties/title` (a JSON pointer) in a valid text; its nearest parent where it is missing. */
export function spanOf(text: string, pointer: string): Span {
  const wanted = pointer.split("/").filter((part, index) => index > 0 || part !== "");
  const reader = new Reader(text);
  try {
    return reader.find(wanted.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")));
  } catch {
    return { from: 0, to: Math.min(1, text.length) };
  }
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  find(path: string[]): Span {
    this.blank();
    const from = this.at;
    const [head, ...tail] = path;
    if (head !== undefined) {
      const found =
        this.text[from] === "{"
          ? this.member(head, tail)
          : this.text[from] === "["
            ? this.item(head, tail)
            : undefined;
      if (found) return found;
      this.at = from;
    }
    this.skip();
    // A container is marked by its opening line, not by all that is in it.
    const line = this.text.indexOf("\n", from);
    return { from, to: line >= 0 ? Math.min(this.at, line) : this.at };
  }

  private member(name: string, tail: string[]): Span | undefined {
    this.at += 1;
    for (;;) {
      this.blank();
      if (this.text[this.at] === "}") return undefined;
      const start = this.at;
      this.skip();
      const key: unknown = JSON.parse(this.text.slice(start, this.at));
      this.blank();
      this.at += 1; // the colon
      if (key === name) return this.find(tail);
      this.blank();
      this.skip();
      this.comma();
    }
  }

  private item(name: string, tail: string[]): Span | undefined {
    this.at += 1;
    for (let index = 0; ; index += 1) {
      this.blank();
      if (this.text[this.at] === "]") return undefined;
      if (String(index) === name) return this.find(tail);
      this.skip();
      this.comma();
    }
  }

  private comma(): void {
    this.blank();
    if (this.text[this.at] === ",") this.at += 1;
  }

  private blank(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at += 1;
  }

  /** Over one value. */
  private skip(): void {
    const first = this.text[this.at];
    if (first === undefined) throw new SyntaxError("the text ends");
    if (first === '"') {
      this.string();
      return;
    }
    if (first !== "{" && first !== "[") {
      while (/[^\s,\]}]/.test(this.text[this.at] ?? "")) this.at += 1;
      return;
    }
    let depth = 0;
    do {
      const char = this.text[this.at];
      if (char === undefined) throw new SyntaxError("the text ends");
      if (char === '"') {
        this.string();
        continue;
      }
      if (char === "{" || char === "[") depth += 1;
      if (char === "}" || char === "]") depth -= 1;
      this.at += 1;
    } while (depth > 0);
  }

  private string(): void {
    this.at += 1;
    while (this.text[this.at] !== '"') {
      if (this.text[this.at] === undefined) throw new SyntaxError("the text ends");
      this.at += this.text[this.at] === "\\" ? 2 : 1;
    }
    this.at += 1;
  }
}

/** What JSON.parse says, and where: engines write the place in different ways or not at all. */
export function syntaxError(text: string): (Span & { message: string }) | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(message)?.[1];
    const at = position ? Number(position) : text.length;
    return {
      from: Math.min(at, Math.max(0, text.length - 1)),
      to: at + 1,
      message: message.split("\n")[0] ?? message,
    };
  }
}
