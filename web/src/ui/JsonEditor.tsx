/** An editor of JSON. Load it lazily. */
import { json } from "@codemirror/lang-json";
import QueryEditor, { type QueryEditorProps } from "./QueryEditor";

const JSON_LANGUAGE = json();

export default function JsonEditor(props: Omit<QueryEditorProps, "language">) {
  return <QueryEditor {...props} language={JSON_LANGUAGE} />;
}
