/** Design tokens as the colours they are now: a canvas cannot read `var(--…)`. */
import {
  colorBackgroundContainerContent,
  colorChartsLineAxis,
  colorChartsLineGrid,
  colorChartsLineTick,
  colorChartsPaletteCategorical1,
  colorChartsPaletteCategorical2,
  colorChartsPaletteCategorical3,
  colorChartsPaletteCategorical4,
  colorChartsPaletteCategorical5,
  colorChartsPaletteCategorical6,
  colorChartsPaletteCategorical7,
  colorChartsPaletteCategorical8,
  colorChartsPaletteCategorical9,
  colorChartsPaletteCategorical10,
  colorChartsPaletteCategorical11,
  colorChartsPaletteCategorical12,
  colorChartsStatusHigh,
  colorChartsStatusInfo,
  colorChartsStatusMedium,
  colorChartsStatusNeutral,
  colorChartsStatusPositive,
  colorChartsThresholdNegative,
  colorChartsThresholdNeutral,
  colorTextBodyDefault,
  colorTextBodySecondary,
} from "@cloudscape-design/design-tokens";

export type Tone = "error" | "warning" | "info" | "success" | "neutral";

/** Tokens (for CSS) of what a thing means. */
export const TONES: Record<Tone, string> = {
  error: colorChartsStatusHigh,
  warning: colorChartsStatusMedium,
  info: colorChartsStatusInfo,
  success: colorChartsStatusPositive,
  neutral: colorChartsStatusNeutral,
};

/** Tokens of series, in the order they are given out; they repeat after the last. */
export const PALETTE = [
  colorChartsPaletteCategorical1,
  colorChartsPaletteCategorical2,
  colorChartsPaletteCategorical3,
  colorChartsPaletteCategorical4,
  colorChartsPaletteCategorical5,
  colorChartsPaletteCategorical6,
  colorChartsPaletteCategorical7,
  colorChartsPaletteCategorical8,
  colorChartsPaletteCategorical9,
  colorChartsPaletteCategorical10,
  colorChartsPaletteCategorical11,
  colorChartsPaletteCategorical12,
];

export const CHART = {
  grid: colorChartsLineGrid,
  tick: colorChartsLineTick,
  axis: colorChartsLineAxis,
  text: colorTextBodySecondary,
  strong: colorTextBodyDefault,
  threshold: colorChartsThresholdNegative,
  neutralThreshold: colorChartsThresholdNeutral,
  background: colorBackgroundContainerContent,
};

/** `var(--name, fallback)` -> the colour in the mode that is on; any other CSS colour as it is. */
export function resolveToken(token: string, element: Element = document.body): string {
  const parts = /^var\((--[^,)]+)(?:,\s*(.+))?\)$/.exec(token);
  if (!parts?.[1]) return token;
  return getComputedStyle(element).getPropertyValue(parts[1]).trim() || parts[2] || "";
}

export function seriesColour(index: number): string {
  return PALETTE[index % PALETTE.length] ?? "";
}
