/**
 * @module
 * Principal components of each spike from a sorter's output folder: `pc_features.npy` with `pc_feature_ind.npy`.
 *
 * What a newcomer would get wrong: the file's order is spikes x components x channels (phylib turns the last two), the channels are
 * those of the spike's *template*, and rows follow the file's spikes, which `readPhyFolder` puts in time order when they are not.
 */
import { RecordingError } from "../../errors.ts";
import { readNpy } from "../npy/read-npy.ts";
import { readNpyRows, readNpyShape } from "../npy/read-npy-rows.ts";
import { markFilled } from "./feature-channels.ts";
import { inconsistent, PhyArrays } from "./phy-arrays.ts";

export interface PhyFeatures {
  /** Float32Array [rows x components x channels]. */
  readonly data: Float32Array;
  readonly rowCount: number;
  readonly componentCount: number;
  /** Channels that each template has. */
  readonly channelCount: number;
  /** Int32Array [templates x channels], index of the channel; -1 for none: a column in which all rows of the template are 0. */
  readonly channels: Int32Array;
  /** Spike of the file that each row belongs to; undefined when there is one row for every spike. */
  readonly spikes: Int32Array | undefined;
}

export interface ReadFeaturesOptions {
  /** Rows of the file to read, ascending: the file may be larger than memory. Default: all. */
  readonly rows?: Int32Array | undefined;
}

/** Reads the features; the file may be large (spikes x 3 x 32 x 4 bytes), so `readPhyFolder` does not. Undefined when there are none.
 * @throws RecordingError `missing-npy` when their channels are not said, `bad-npy`, `inconsistent` */
export async function readPhyFeatures(
  folder: string,
  options: ReadFeaturesOptions = {},
): Promise<PhyFeatures | undefined> {
  const arrays = new PhyArrays(folder);
  const path = arrays.path("pc_features.npy");
  const shape = await shapeOf(path);
  if (shape === undefined) return undefined;
  if (shape.length !== 3)
    throw inconsistent(path, `has shape (${shape.join(", ")}); expected spikes x components x channels.`);
  const [rowCount, componentCount, channelCount] = shape;
  const channels = await arrays.optionalMatrix("pc_feature_ind.npy", undefined, channelCount);
  if (channels === undefined)
    throw new RecordingError(
      `'${arrays.path("pc_feature_ind.npy")}' does not exist, so nothing says whose channels pc_features.npy has. Copy the folder again.`,
      "missing-npy",
      arrays.path("pc_feature_ind.npy"),
    );
  const spikeCount = (await arrays.vector("spike_times.npy")).length;
  const spikes = await arrays.optionalVector("pc_feature_spike_ids.npy");
  const wanted = spikes?.length ?? spikeCount;
  if (wanted !== rowCount)
    throw inconsistent(
      path,
      `has ${rowCount} rows, expected ${wanted} by the ${spikeCount} spikes of spike_times.npy.`,
    );
  if (spikes?.some((spike) => spike < 0 || spike >= spikeCount))
    throw inconsistent(
      arrays.path("pc_feature_spike_ids.npy"),
      `names spikes that are not among the ${spikeCount}.`,
    );
  const { rows } = options;
  const array = rows === undefined ? await readNpy(path) : await readNpyRows(path, rows);
  const data =
    array.values instanceof Float32Array
      ? array.values
      : Float32Array.from(arrays.numbers("pc_features.npy", array));
  const spikesOfRows =
    rows === undefined
      ? spikes && Int32Array.from(spikes)
      : rows.map((row) => (spikes === undefined ? row : spikes[row]));
  const templates = await arrays.optionalVector("spike_templates.npy", spikeCount);
  return {
    data,
    rowCount: rows?.length ?? rowCount,
    componentCount,
    channelCount,
    channels:
      templates === undefined
        ? Int32Array.from(channels)
        : markFilled(
            Int32Array.from(channels),
            channelCount,
            data,
            spikesOfRows === undefined ? templates : spikesOfRows.map((spike) => templates[spike]),
          ),
    spikes: spikesOfRows,
  };
}

async function shapeOf(path: string): Promise<readonly number[] | undefined> {
  try {
    return await readNpyShape(path);
  } catch (error) {
    if (error instanceof RecordingError && error.code === "missing-npy") return undefined;
    throw error;
  }
}
