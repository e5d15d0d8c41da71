import type { ConfigurationItem, Relationship } from "../../api/gen/config";
import { ListTable } from "../../ui/ListTable";
import { Empty } from "../../ui/PageStates";
import { ResourceLink, shortType } from "../../ui/ResourceLink";

export function RelationsTab({ item }: { item: ConfigurationItem }) {
  return (
    <ListTable<Relationship>
      title="Relations"
      prefix="l"
      items={item.relationships ?? []}
      keyOf={(each) =>
        `${each.relationshipName} ${each.resourceType} ${each.resourceId ?? each.resourceName}`
      }
      columns={[
        {
          id: "name",
          header: "Relation",
          value: (each) => each.relationshipName,
          cell: (each) => each.relationshipName,
        },
        {
          id: "type",
          header: "Type",
          value: (each) => each.resourceType,
          cell: (each) => shortType(each.resourceType ?? ""),
        },
        {
          id: "resource",
          header: "Resource",
          value: (each) => each.resourceId ?? each.resourceName,
          cell: (each) =>
            each.resourceId ? (
              <ResourceLink
                type={each.resourceType ?? ""}
                id={each.resourceId}
                {...(each.resourceName ? { name: each.resourceName } : {})}
              />
            ) : (
              (each.resourceName ?? "–")
            ),
        },
      ]}
      empty={
        <Empty title="No relations">
          Config relates resources where their configurations name each other: instances and their volumes,
          users and their groups.
        </Empty>
      }
    />
  );
}
