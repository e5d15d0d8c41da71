/** Query keys: `[service, operation, region, input]`, and `["console", path, region, input]` for our own endpoints. */
export const awsKey = (service: string, operation: string, region: string, input: unknown) =>
  [service, operation, region, input] as const;

export const consoleKey = (path: string, region: string, input: unknown) =>
  ["console", path, region, input] as const;
