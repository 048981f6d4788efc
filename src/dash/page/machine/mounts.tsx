import type { MountStatus } from "../../api.ts";
import { Bar, Foreign, Scrolled } from "../elements.tsx";
import { written } from "../format.ts";

/** Every file system that holds files, as df(1) shows it. */
export function Mounts({ mounts }: { readonly mounts: readonly MountStatus[] }) {
  return (
    <Scrolled class="panel mounts" name="File systems">
      <h3>File systems</h3>
      <table class="data stacked">
        <thead>
          <tr>
            <th scope="col" class="left">
              Mounted at
            </th>
            <th scope="col" class="left">
              Device
            </th>
            <th scope="col">Used</th>
            <th scope="col">Available</th>
            <th scope="col">Size</th>
            <th scope="col">Files</th>
            <th scope="col" class="share">
              Full
            </th>
          </tr>
        </thead>
        <tbody>
          {mounts.map((mount) => (
            <Row key={mount.mountPoint} mount={mount} />
          ))}
        </tbody>
      </table>
    </Scrolled>
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
