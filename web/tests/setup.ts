import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// What was looked for is enough; the whole document says less.
configure({ asyncUtilTimeout: 15_000, getElementError: (message) => new Error(message ?? "") });

// jsdom has neither; components only ask whether there is room.
class NoResizeObserver implements ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
vi.stubGlobal("ResizeObserver", NoResizeObserver);
vi.stubGlobal("matchMedia", (query: string) => ({
  matches: false,
  media: query,
  addEventListener() {},
  removeEventListener() {},
  addListener() {},
  removeListener() {},
}));

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});
