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
