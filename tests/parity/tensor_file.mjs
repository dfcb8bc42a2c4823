// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Reads a float32 tensor file (a serialized onnx.TensorProto with raw_data) without any of
// TinyJoule's own code.
import {readFileSync} from 'node:fs';

const kDims = 1;
const kDataType = 2;
const kRawData = 9;
const kFloat = 1;

function readVarint(bytes, position) {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[position++];
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, position];
    scale *= 128;
  }
}

export function readTensorFile(path) {
  const bytes = readFileSync(path);
  const dims = [];
  let raw = null;
  let type = 0;
  for (let position = 0; position < bytes.length;) {
    let tag, value;
    [tag, position] = readVarint(bytes, position);
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    [value, position] = readVarint(bytes, position);
    if (wire === 0) {
      if (field === kDims) dims.push(value);
      if (field === kDataType) type = value;
      continue;
    }
    if (wire !== 2) throw new Error(`${path}: unexpected wire type ${wire}`);
    const end = position + value;
    if (field === kRawData) raw = bytes.subarray(position, end);
    while (field === kDims && position < end) {
      let dim;
      [dim, position] = readVarint(bytes, position);
      dims.push(dim);
    }
    position = end;
  }
  if (type !== kFloat || raw === null) throw new Error(`${path}: not float32 with raw data`);
  const copy = new Uint8Array(raw);
  return {dims, values: new Float32Array(copy.buffer)};
}

// [field, bytes] of each field of a message that has a length.
function* fieldsOf(bytes) {
  for (let position = 0; position < bytes.length;) {
    let tag, value;
    [tag, position] = readVarint(bytes, position);
    const wire = tag % 8;
    if (wire === 5 || wire === 1) {
      position += wire === 5 ? 4 : 8;
      continue;
    }
    [value, position] = readVarint(bytes, position);
    if (wire !== 2) continue;
    yield [Math.floor(tag / 8), bytes.subarray(position, position + value)];
    position += value;
  }
}

const kGraph = 7;
const kInitializer = 5;
const kName = 8;

// The raw bytes of the initialisers of an ONNX model, by name.
export function readInitializers(path) {
  const initializers = new Map();
  for (const [modelField, graph] of fieldsOf(readFileSync(path))) {
    if (modelField !== kGraph) continue;
    for (const [graphField, tensor] of fieldsOf(graph)) {
      if (graphField !== kInitializer) continue;
      const fields = new Map(fieldsOf(tensor));
      if (fields.has(kRawData)) {
        initializers.set(Buffer.from(fields.get(kName)).toString(), fields.get(kRawData));
      }
    }
  }
  return initializers;
}
