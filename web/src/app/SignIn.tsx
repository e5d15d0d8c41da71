import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useState } from "react";
import { signIn } from "../api/console";
import { ApiError } from "../api/errors";

const HINTS: Record<string, string> = {
  InvalidClientTokenId: "This access key is not known here.",
  SignatureDoesNotMatch: "The secret access key does not belong to this access key.",
  ExpiredToken: "These temporary credentials have expired.",
};

/** The words under the form for a refused sign-in. */
export function refusal(error: ApiError): string {
  const hint = HINTS[error.code] ?? error.message;
  return error.retryAfterSeconds ? `${hint} Try again in ${error.retryAfterSeconds} s.` : hint;
}

export function SignIn({ expired }: { expired: boolean }) {
  const [accessKeyId, setAccessKeyId] = useState("");
  const [secretAccessKey, setSecret] = useState("");
  const [sessionToken, setToken] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!accessKeyId || !secretAccessKey) return setError("Enter the access key id and its secret.");
    setBusy(true);
    setError(undefined);
    try {
      await signIn({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
    } catch (caught) {
      setError(caught instanceof ApiError ? refusal(caught) : String(caught));
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <SpaceBetween size="l">
        {expired && <Alert type="info">The session has ended. Sign in to go on where you were.</Alert>}
        <form onSubmit={submit}>
          <Form
            errorText={error}
            actions={
              <Button variant="primary" formAction="submit" loading={busy}>
                Sign in
              </Button>
            }
          >
            <Container
              header={
                <Header variant="h1" description="Metrics, audit and configuration of this estate">
                  Triptych
                </Header>
              }
            >
              <SpaceBetween size="m">
                <FormField label="Access key id">
                  <Input
                    value={accessKeyId}
                    onChange={({ detail }) => setAccessKeyId(detail.value.trim())}
                    autoComplete="username"
                    autoFocus
                    spellcheck={false}
                  />
                </FormField>
                <FormField label="Secret access key">
                  <Input
                    type="password"
                    value={secretAccessKey}
                    onChange={({ detail }) => setSecret(detail.value.trim())}
                    autoComplete="current-password"
                  />
                </FormField>
                <ExpandableSection headerText="Temporary credentials">
                  <FormField label="Session token">
                    <Input value={sessionToken} onChange={({ detail }) => setToken(detail.value.trim())} />
                  </FormField>
                </ExpandableSection>
                <Box variant="small" color="text-body-secondary">
                  The same keys your AWS clients use with this server. They are sent once and kept by no
                  script; the browser holds a session cookie.
                </Box>
              </SpaceBetween>
            </Container>
          </Form>
        </form>
      </SpaceBetween>
    </main>
  );
}
