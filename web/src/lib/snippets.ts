/** Any AWS call as a line for a shell or a script, ready to be pasted: quoted, with this server's endpoint. */

export interface Where {
  endpoint: string;
  region: string;
}

/** Names that differ between the wire and the command line. */
const CLI_SERVICE: Record<string, string> = { config: "configservice" };
const LINE = 88;

/** `DescribeAlarms` -> `describe_alarms`, as botocore does it: an ARN stays together, and so do `ARNs`. */
export function snake(name: string, separator = "_"): string {
  const plural = /[A-Z]{2,}s$/.exec(name)?.[0];
  const split = plural ? `${name.slice(0, -plural.length)}${separator}${plural.toLowerCase()}` : name;
  return split
    .replace(/(.)([A-Z][a-z]+)/g, `$1${separator}$2`)
    .replace(/([a-z0-9])([A-Z])/g, `$1${separator}$2`)
    .replaceAll(separator + separator, separator)
    .toLowerCase();
}

/** One word of a POSIX shell, quoted where it must be. */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * What the AWS CLI would not take as it is written: it reads `file://…` and fetches `http://…`, and takes a leading
 * dash for an option. Such inputs go through --cli-input-json, which is not interpreted.
 */
function misread(value: unknown): boolean {
  if (typeof value === "string") return /^(-|file:\/\/|fileb:\/\/|https?:\/\/)/.test(value) || value === "";
  return Array.isArray(value) && value.some(misread);
}

export function cli(
  service: string,
  operation: string,
  input: Record<string, unknown>,
  where: Where,
): string {
  const start = `aws ${CLI_SERVICE[service] ?? service} ${snake(operation, "-")}`;
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const options = given.some(([, value]) => misread(value))
    ? [`--cli-input-json ${shellWord(JSON.stringify(Object.fromEntries(given)))}`]
    : given.map(([name, value]) => option(snake(name, "-"), value));
  const parts = [
    start,
    ...options,
    `--endpoint-url ${shellWord(where.endpoint)}`,
    `--region ${where.region}`,
  ];
  const line = parts.join(" ");
  return line.length <= LINE ? line : parts.join(" \\\n  ");
}

function option(name: string, value: unknown): string {
  if (typeof value === "boolean") return value ? `--${name}` : `--no-${name}`;
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string")) {
    return `--${name} ${value.map(shellWord).join(" ")}`;
  }
  return `--${name} ${shellWord(typeof value === "object" ? JSON.stringify(value) : String(value))}`;
}

export function boto3(
  service: string,
  operation: string,
  input: Record<string, unknown>,
  where: Where,
): string {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const args = given.map(([name, value]) => `    ${name}=${python(value, 1)},\n`).join("");
  return [
    "import boto3\n",
    `client = boto3.client(${python(service)}, endpoint_url=${python(where.endpoint)}, region_name=${python(where.region)})`,
    `reply = client.${snake(operation)}(${args ? `\n${args}` : ""})`,
  ].join("\n");
}

/** A value as a Python literal; lists and records of one line where they are short. */
export function python(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  const isList = Array.isArray(value);
  const [open, close] = isList ? "[]" : "{}";
  const parts = isList
    ? value.map((item) => python(item, depth + 1))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}: ${python(item, depth + 1)}`);
  const line = `${open}${parts.join(", ")}${close}`;
  if (line.length <= 60 && !line.includes("\n")) return line;
  const indent = "    ".repeat(depth + 1);
  return `${open}\n${parts.map((part) => `${indent}${part},\n`).join("")}${"    ".repeat(depth)}${close}`;
}
