/**
 * @module
 * A plain binary file with a JSON description beside it, as a recording.
 */
import type { Recording } from "../../core/recording.ts";
import { makeTraces } from "../../core/traces.ts";
import { checkRange, SampleFile } from "../sample-file.ts";
import { readDescription } from "./read-description.ts";

/** Opens the recording that a description names. @param path  absolute path of the JSON file; @throws RecordingError */
export async function openBinary(path: string): Promise<Recording> {
  const description = await readDescription(path);
  const { columns, gainUvPerBit, offsetUv } = description;
  const file = await SampleFile.open(description.dataPath, description.layout, description.expectedBytes);
  const channelCount = columns.length;
  const { type, columnCount, headerBytes, isLittleEndian } = description.layout;
  return {
    source: { format: "binary", path },
    sampleCount: file.sampleCount,
    channelCount,
    samplingRateHz: description.samplingRateHz,
    gainUvPerBit,
    channelNames: description.channelNames,
    probe: description.probe,
    int16Samples: offsetUv === undefined ? file.int16Rows(columns) : undefined,
    // other programs take a file's bytes as little-endian
    file: isLittleEndian
      ? { path: file.path, type, columnCount, headerBytes, channelColumns: columns }
      : undefined,
    startTime: description.startTime,
    async read(start, end, out) {
      checkRange(start, end, file.sampleCount);
      const traces = makeTraces(end - start, channelCount, out);
      await file.readScaled(start, end, columns, gainUvPerBit, offsetUv, traces.data);
      return traces;
    },
    close: () => file.close(),
  };
}
