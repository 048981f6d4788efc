import type { MountStatus } from "../../api.ts";
import { type Column, DataTable } from "../data-table.tsx";
import { Bar, Foreign } from "../elements.tsx";
import { written } from "../format.ts";

const COLUMNS: readonly Column[] = [
  { title: "Mounted at", isText: true },
  { title: "Device", isText: true },
  { title: "Used" },
  { title: "Available" },
  { title: "Size" },
  { title: "Files" },
  { title: "Full", class: "share" },
];

/** Every file system that holds files, as df(1) shows it. */
export function Mounts({ mounts }: { readonly mounts: readonly MountStatus[] }) {
  return (
    <DataTable class="stacked mounts" name="File systems" columns={COLUMNS} title={<h3>File systems</h3>}>
      {mounts.map((mount) => (
        <Row key={mount.mountPoint} mount={mount} />
      ))}
    </DataTable>
  );
}

function Row({ mount }: { readonly mount: MountStatus }) {
  const { mountPoint, device, fsType, isReadOnly, problem, usedPercent, filesUsedPercent } = mount;
  return (
    <tr>
      <th scope="row" class="left name">
        <Foreign text={mountPoint} />
      </th>
      <td data-name="Device" class="left words">
        <Foreign text={device} />{" "}
        <span class="note">
          <Foreign text={fsType} />
          {isReadOnly && ", read-only"}
        </span>
      </td>
      {problem === null ? (
        <>
          <td data-name="Used">{written(mount.usedBytes, "bytes")}</td>
          <td data-name="Available">{written(mount.availableBytes, "bytes")}</td>
          <td data-name="Size">{written(mount.totalBytes, "bytes")}</td>
          <td data-name="Files">{written(filesUsedPercent, "percent")}</td>
          <td data-name="Full" class="share">
            <Bar share={(usedPercent ?? 0) / 100} />
            {written(usedPercent, "percent")}
          </td>
        </>
      ) : (
        <td data-name="Problem" class="raised words" colSpan={5}>
          does not answer: <Foreign text={problem} />
        </td>
      )}
    </tr>
  );
}
