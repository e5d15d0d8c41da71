import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import createWrapper from "@cloudscape-design/components/test-utils/dom";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { sessionState } from "../../src/api/session";
import { useGlobals } from "../../src/app/globals";
import { useAws, usePages } from "../../src/app/queries";
import { SignIn } from "../../src/app/SignIn";
import SettingsPage from "../../src/features/settings/SettingsPage";
import { answering, renderPage, SESSION } from "../render";

const META = {
  version: "9.9.9",
  account: "0",
  region: "us-east-1",
  regions: ["us-east-1"],
  endpoint: "http://x",
  estate: [],
  retention: {},
  limits: {},
  features: {},
};

describe("signing in", () => {
  const show = () =>
    render(
      <I18nProvider locale="en" messages={[messages]}>
        <SignIn expired={false} />
      </I18nProvider>,
    );

  async function enter(id: string, secret: string) {
    const page = createWrapper();
    act(() => page.findAllInputs()[0]?.setInputValue(id));
    act(() => page.findAllInputs()[1]?.setInputValue(secret));
    await act(async () => fireEvent.submit(document.querySelector("form") as HTMLFormElement));
  }

  it("opens the session", async () => {
    const calls = answering({ "POST session": () => ({ body: SESSION }) });
    show();
    await enter("test", "secret");
    expect(calls[0]?.body).toEqual({ accessKeyId: "test", secretAccessKey: "secret" });
    expect(sessionState()).toMatchObject({ status: "in", session: { account: SESSION.account } });
  });

  it("says what is wrong with the keys", async () => {
    answering({
      "POST session": () => ({ status: 403, body: { code: "SignatureDoesNotMatch", message: "x" } }),
    });
    show();
    await enter("test", "wrong");
    expect((await screen.findAllByText(/secret access key does not belong/)).length).toBeGreaterThan(0);
  });
});

describe("a page", () => {
  it("keeps its state in the URL", async () => {
    answering({ "GET meta": () => ({ body: META }) });
    const page = await renderPage(<SettingsPage />, "/settings?tab=about");
    expect(await screen.findByText("9.9.9")).toBeInTheDocument();
    act(() => createWrapper(page.container).findTabs()?.findTabLinkById("session")?.click());
    expect(page.address()).toBe("/settings");
  });

  it("shows the error with its code, and tries again", async () => {
    let fails = true;
    answering({
      "GET meta": () =>
        fails ? { status: 400, body: { code: "Broken", message: "out of order" } } : { body: META },
    });
    await renderPage(<SettingsPage />, "/settings?tab=about");
    expect(await screen.findByText(/out of order/)).toBeInTheDocument();
    fails = false;
    act(() => screen.getByText("Try again").click());
    expect(await screen.findByText("9.9.9")).toBeInTheDocument();
  });
});

describe("queries", () => {
  it("asks for the next pages up to the bound", async () => {
    const calls = answering({
      DescribeLogGroups: ({ body }) => {
        const page = Number((body as { nextToken?: string }).nextToken ?? 0);
        return { body: { logGroups: [{ logGroupName: `g${page}` }], nextToken: String(page + 1) } };
      },
    });
    function Groups() {
      const groups = usePages("logs", "DescribeLogGroups", {}, (page) => page.logGroups, {
        token: "nextToken",
        upTo: 3,
      });
      return <p>{groups.items.map((group) => group.logGroupName).join(" ")}</p>;
    }
    await renderPage(<Groups />);
    expect(await screen.findByText("g0 g1 g2")).toBeInTheDocument();
    expect(calls).toHaveLength(3);
  });

  it("refresh fetches again what does not depend on time, once", async () => {
    const calls = answering({
      DescribeAlarms: () => ({ body: { MetricAlarms: [{ AlarmName: `n${calls.length}` }] } }),
    });
    function Alarms() {
      const { refresh } = useGlobals();
      const alarms = useAws("cloudwatch", "DescribeAlarms", {});
      return (
        <button type="button" onClick={refresh}>
          {alarms.data?.MetricAlarms?.[0]?.AlarmName}
        </button>
      );
    }
    await renderPage(<Alarms />);
    const button = await screen.findByText("n1");
    await act(async () => {
      await new Promise((resume) => setTimeout(resume, 5)); // the next tick is another millisecond
      button.click();
    });
    expect(await screen.findByText("n2")).toBeInTheDocument();
    expect(calls).toHaveLength(2);
  });
});
