/** A value found somewhere: only events with it, or all but those. */
import "../styles/records.css";

export function ValueActions({
  name,
  value,
  onFilter,
}: {
  name: string;
  value: string;
  onFilter: (name: string, value: string, exclude: boolean) => void;
}) {
  const short = value.slice(0, 60);
  return (
    <span className="value-actions">
      <button
        type="button"
        aria-label={`Only ${name} = ${short}`}
        title={`Only ${name} = ${short}`}
        onClick={() => onFilter(name, value, false)}
      >
        =
      </button>
      <button
        type="button"
        aria-label={`Without ${name} = ${short}`}
        title={`Without ${name} = ${short}`}
        onClick={() => onFilter(name, value, true)}
      >
        ≠
      </button>
    </span>
  );
}
