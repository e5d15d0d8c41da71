import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const SERVER = process.env.TRIPTYCH_URL ?? "http://127.0.0.1:4566";

// Built files find each other by relative paths, so the console works below any prefix a reverse proxy gives it.
// In development Vite serves /console/ itself and passes the console's API and AWS calls (POST /) on to a server.
export default defineConfig(({ command }) => ({
  base: command === "serve" ? "/console/" : "./",
  plugins: [react()],
  build: {
    outDir: "../src/triptych/_console",
    emptyOutDir: true,
    target: "es2022",
    manifest: "manifest.json",
    chunkSizeWarningLimit: 1000,
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/console/api": { target: SERVER, changeOrigin: true, headers: { origin: SERVER } },
      "^/$": { target: SERVER, changeOrigin: true, headers: { origin: SERVER } },
    },
  },
  test: {
    testTimeout: 30_000,
    // Pure logic needs no document; making one takes longer than the tests.
    projects: [
      {
        extends: true,
        test: { name: "unit", environment: "node", include: ["tests/unit/**/*.test.ts"], isolate: false },
      },
      {
        extends: true,
        test: {
          name: "component",
          environment: "jsdom",
          include: ["tests/component/**/*.test.{ts,tsx}"],
          setupFiles: ["tests/setup.ts"],
          server: { deps: { inline: [/@cloudscape-design/] } },
        },
      },
    ],
  },
}));
