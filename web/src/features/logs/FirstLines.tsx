/** How a first log line gets here, with commands that work on this server. */
import Box from "@cloudscape-design/components/box";
import { useGlobals } from "../../app/globals";
import { shellWord } from "../../lib/snippets";
import { endpoint, Snippet } from "../../ui/CopyAs";

export function FirstLines({ group, exists = false }: { group: string; exists?: boolean }) {
  const { region } = useGlobals();
  const aws = `aws --endpoint-url ${endpoint()} --region ${region} logs`;
  const name = shellWord(group);
  const lines = [
    ...(exists ? [] : [`${aws} create-log-group --log-group-name ${name}`]),
    `${aws} create-log-stream --log-group-name ${name} --log-stream-name first`,
    `${aws} put-log-events --log-group-name ${name} --log-stream-name first \\`,
    `  --log-events "timestamp=$(date +%s000),message='{\\"level\\":\\"INFO\\",\\"text\\":\\"hello\\"}'"`,
  ];
  return (
    <Box textAlign="left">
      <Box color="text-body-secondary" margin={{ bottom: "xs" }}>
        Any AWS client can send lines here. From a shell:
      </Box>
      <Snippet text={lines.join("\n")} />
    </Box>
  );
}
