/**
 * What a page weighs, from Vite's manifest: the gzipped JavaScript of each route with everything it imports.
 * Also: every design token a canvas resolves must be one the components define (the pair of versions fits).
 * Exits 1 when a route is over its budget or a token is unknown.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const WEB = join(dirname(fileURLToPath(import.meta.url)), "..");
const DIST = join(WEB, "..", "src", "triptych", "_console");
const ROUTE_KB = 500;
const TOTAL_KB = 1000;

const manifest = JSON.parse(readFileSync(join(DIST, "manifest.json"), "utf8"));
const weights = new Map();

function weight(file) {
  if (!weights.has(file))
    weights.set(file, gzipSync(readFileSync(join(DIST, file)), { level: 6 }).length / 1024);
  return weights.get(file);
}

/** Keys of a chunk and of all it imports at once. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}

const sum = (keys) => [...keys].reduce((total, key) => total + weight(manifest[key].file), 0);
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const shell = closure(entry);
const lines = [["shell", sum(shell)]];
for (const [key, chunk] of Object.entries(manifest)) {
  if (chunk.isDynamicEntry && key.includes("features/"))
    lines.push([key, sum(new Set([...shell, ...closure(key)]))]);
}
let failed = false;
for (const [name, size] of lines) {
  const over = size > ROUTE_KB;
  failed ||= over;
  process.stdout.write(`${over ? "OVER" : "ok  "} ${size.toFixed(0).padStart(5)} KB gz  ${name}\n`);
}
const scripts = new Set(
  Object.values(manifest)
    .map((chunk) => chunk.file)
    .filter((file) => file.endsWith(".js")),
);
const total = [...scripts].reduce((all, file) => all + weight(file), 0);
failed ||= total > TOTAL_KB;
process.stdout.write(
  `${total > TOTAL_KB ? "OVER" : "ok  "} ${total.toFixed(0).padStart(5)} KB gz  everything\n`,
);

const modules = join(WEB, "node_modules", "@cloudscape-design");
const tokens = readFileSync(join(modules, "design-tokens", "index.js"), "utf8").match(/--[a-z0-9-]+/g) ?? [];
const theme = join(modules, "components", "internal", "base-theme", "styles.scoped.css");
const styles = readFileSync(theme, "utf8");
const unknown = [...new Set(tokens)].filter((token) => !styles.includes(`${token}:`));
if (tokens.length === 0 || unknown.length > 0) {
  failed = true;
  process.stdout.write(
    `FAIL design-tokens ${unknown.length} of ${tokens.length} unknown to components: ${unknown[0]}\n`,
  );
} else process.stdout.write(`ok   ${tokens.length} design tokens fit the components\n`);
process.exit(failed ? 1 : 0);
