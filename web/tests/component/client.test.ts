import { beforeEach, describe, expect, it } from "vitest";
import { aws } from "../../src/api/client";
import { ApiError } from "../../src/api/errors";
import { sessionState, signedIn } from "../../src/api/session";
import { answering, SESSION } from "../render";

describe("an AWS call from the browser", () => {
  beforeEach(() => signedIn(SESSION));

  it("speaks AWS JSON with the session's token and the region", async () => {
    const calls = answering({ DescribeAlarms: () => ({ body: { MetricAlarms: [] } }) });
    await aws("cloudwatch", "DescribeAlarms", { StateValue: "ALARM" }, { region: "eu-west-1" });
    expect(calls[0]).toMatchObject({
      method: "POST",
      body: { StateValue: "ALARM" },
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "GraniteServiceVersion20100801.DescribeAlarms",
        "x-triptych-csrf": "csrf-token",
        "x-triptych-region": "eu-west-1",
      },
    });
  });

  it("raises the service's code, words and request id", async () => {
    answering({
      StopQuery: () => ({
        status: 400,
        body: { __type: "com.amazonaws.logs#InvalidParameterException", message: "no such query" },
        headers: { "x-amzn-requestid": "r-1" },
      }),
    });
    const error = await aws("logs", "StopQuery", { queryId: "q" }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: "InvalidParameterException",
      message: "no such query",
      requestId: "r-1",
    });
    expect(sessionState().status).toBe("in");
  });

  it("ends the session where the server says it is over", async () => {
    answering({ ListTrails: () => ({ status: 401, body: { code: "ExpiredToken", message: "over" } }) });
    await expect(aws("cloudtrail", "ListTrails", {})).rejects.toMatchObject({ code: "ExpiredToken" });
    expect(sessionState()).toEqual({ status: "out", expired: true });
  });

  it("says so where the answer is no JSON", async () => {
    answering({});
    globalThis.fetch = async () => new Response("<html>bad gateway</html>", { status: 502 });
    await expect(aws("cloudtrail", "ListTrails", {})).rejects.toMatchObject({ code: "Http502", status: 502 });
  });

  it("is cancelled with its signal", async () => {
    answering({ ListTrails: () => ({ body: {} }) });
    const cancelled = AbortSignal.abort();
    await expect(aws("cloudtrail", "ListTrails", {}, { signal: cancelled })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
