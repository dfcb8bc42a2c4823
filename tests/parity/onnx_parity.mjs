// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
// Trains, compresses and exports one model of every kind with tinyjoule-trainer, and runs each
// exported file by ONNX Runtime: the predictions must be the trainer's own, within the tolerance
// that the trainer states (1e-4 for float32), and all of int8's within one step of the output.
//
//   node onnx_parity.mjs TRAINER WORK_FOLDER
//
// Run from a folder whose node_modules has onnxruntime-web. Uses the synthetic data set, and MNIST
// where TINYJOULE_TEST_DATA_DIR has it. Exit status 1: a model differs or a task fails.
import {spawn} from 'node:child_process';
import {existsSync, mkdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import process from 'node:process';
import {readInitializers, readTensorFile} from './tensor_file.mjs';

const ort = createRequire(join(process.cwd(), 'package.json'))('onnxruntime-web');
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const kMaxRows = 2000;
// A k-NN graph compares all rows of a run with all points at once.
const kRowsPerRun = 64;
const kRelativeToleranceFloat = 1e-4;
// By default ONNX Runtime shifts int8 to uint8 on some processors. What a model takes and gives as
// int8 cannot be shifted, and the layer beside it is computed in float32 there.
const kSessionOptions = {extra: {session: {qdqisint8allowed: '1'}}};
const [trainerPath, workFolder] = process.argv.slice(2);

class Trainer {
  constructor(program) {
    this.process = spawn(program, ['--log-level', 'error'], {stdio: ['pipe', 'pipe', 'inherit']});
    this.lines = createInterface({input: this.process.stdout})[Symbol.asyncIterator]();
  }

  async run(task) {
    mkdirSync(task.outputDir, {recursive: true});
    this.process.stdin.write(JSON.stringify(task) + '\n');
    for (;;) {
      const {value, done} = await this.lines.next();
      if (done) throw new Error('the trainer has died');
      const event = JSON.parse(value);
      if (event.outcome) return event.outcome;
      if (event.failure) throw new Error(`${task.taskId}: ${event.failure.message}`);
    }
  }

  close() { this.process.stdin.end(); }
}

function prune(scope, criterion, sparsity) {
  return {prune: {scope: `PRUNE_SCOPE_${scope}`, criterion: `PRUNE_CRITERION_${criterion}`, sparsity}};
}
const finetune = {finetune: {epochs: 1}};
const int8 = {quantize: {mode: 'QUANTIZE_MODE_STATIC'}};
const perTensor = {
  quantize: {mode: 'QUANTIZE_MODE_STATIC', observer: 'OBSERVER_MIN_MAX',
             weightScales: 'WEIGHT_SCALES_PER_TENSOR'},
};
const wholeNumbers = {
  quantize: {mode: 'QUANTIZE_MODE_STATIC', observer: 'OBSERVER_PERCENTILE', io: 'QUANTIZED_IO_INT8'},
};
const aware = {quantize: {mode: 'QUANTIZE_MODE_QAT', epochs: 1}};
const dynamic = {quantize: {mode: 'QUANTIZE_MODE_DYNAMIC'}};
const float16 = {quantize: {mode: 'QUANTIZE_MODE_FLOAT16'}};
function distill(kind, student) {
  return {distill: {kind: `DISTILL_KIND_${kind}`, epochs: 2, student}};
}
const small = {type: 'MODEL_TYPE_TINYMLP', hidden: [4]};
const prototypes = {type: 'MODEL_TYPE_TINYKNN', prototypes: 50, k: 3,
                    weights: 'KNN_WEIGHTS_DISTANCE'};
function cluster(centroids) { return {cluster: {centroids}}; }

const networkVariants = {
  'l1-unstructured': [prune('UNSTRUCTURED', 'L1', 0.5), finetune],
  'l2-structured': [prune('STRUCTURED', 'L2', 0.5)],
  'random-structured-int8': [prune('STRUCTURED', 'RANDOM', 0.4), finetune, int8],
  'int8': [int8],
  'int8-per-tensor': [perTensor],
  'int8-io': [wholeNumbers],
  'int8-aware': [aware],
  'int8-dynamic': [dynamic],
  'float16': [float16],
  'distilled': [distill('RESPONSE', small)],
  'distilled-int8': [distill('FEATURE', small), int8],
  'distilled-into-prototypes': [distill('RESPONSE', prototypes)],
  'clustered': [cluster(16), finetune],
  'pruned-clustered': [prune('UNSTRUCTURED', 'L1', 0.5), cluster(100)],
  'clustered-int8': [cluster(8), int8],
};
const graphVariants = {
  'int8': [int8],
  'int8-per-tensor': [perTensor],
  'int8-io': [wholeNumbers],
  'int8-dynamic': [dynamic],
  'float16': [float16],
};
const knnVariants = {
  'random-pruned': [prune('UNSTRUCTURED', 'RANDOM', 0.6)],
  'int8': [int8],
  'random-pruned-int8': [prune('UNSTRUCTURED', 'RANDOM', 0.6), int8],
  'float16': [float16],
  'condensed': [prune('UNSTRUCTURED', 'ERROR', 0.6)],
  'distilled-into-prototypes': [distill('RESPONSE', prototypes)],
  'distilled-into-network': [distill('RESPONSE', small)],
};

function weather(context) {
  return {
    type: 'DATASET_TYPE_SYNTHETIC_WEATHER', context,
    syntheticWeather: {rows: 3000}, split: {method: 'SPLIT_METHOD_HOLDOUT'},
  };
}

const cnn = {type: 'MODEL_TYPE_TINYCNN', conv: [8, 16], kernel: 5, dense: [64]};
const cases = [
  {name: 'tinycnn', dataset: weather(1), model: cnn, variants: networkVariants},
  {name: 'tinymlp', dataset: weather(1), model: {type: 'MODEL_TYPE_TINYMLP'},
   variants: networkVariants},
  {name: 'windowed-tinycnn', dataset: weather(7), variants: networkVariants,
   model: {type: 'MODEL_TYPE_TINYCNN', conv: [16, 16], kernel: 5,
           pooling: 'POOLING_GLOBAL_AVERAGE'}},
  {name: 'windowed-tinymlp', dataset: weather(7), variants: networkVariants,
   model: {type: 'MODEL_TYPE_TINYMLP', hidden: [8]}},
  {name: 'autoencoder', dataset: weather(7), variants: {},
   model: {type: 'MODEL_TYPE_AUTOENCODER'}},
  {name: 'tinyknn-uniform', dataset: weather(1), variants: knnVariants,
   model: {type: 'MODEL_TYPE_TINYKNN', k: 5, weights: 'KNN_WEIGHTS_UNIFORM'}},
  {name: 'tinyknn-distance', dataset: weather(1), variants: knnVariants,
   model: {type: 'MODEL_TYPE_TINYKNN', k: 3, weights: 'KNN_WEIGHTS_DISTANCE'}},
];

const dataFolder = process.env.TINYJOULE_TEST_DATA_DIR ?? '';
if (dataFolder !== '' && existsSync(join(dataFolder, 'mnist'))) {
  const mnist = {type: 'DATASET_TYPE_MNIST', path: join(dataFolder, 'mnist'), maxTrain: 2000,
                 maxTest: 500};
  cases.push({name: 'mnist-tinycnn', dataset: mnist, variants: networkVariants,
              model: {type: 'MODEL_TYPE_TINYCNN', conv: [4, 8], kernel: 3, dense: [16]}});
  const few = {...mnist, maxTrain: 200, maxTest: 256};
  for (const type of ['RESNET8', 'DS_CNN', 'MOBILENET_V1', 'AUTOENCODER']) {
    cases.push({name: `mnist-${type.toLowerCase()}`, dataset: few, variants: graphVariants,
                model: {type: `MODEL_TYPE_${type}`}});
  }
  cases.push({name: 'mnist-tinyknn', dataset: mnist, variants: knnVariants,
              model: {type: 'MODEL_TYPE_TINYKNN', k: 3}});
} else {
  console.log('MNIST left out: TINYJOULE_TEST_DATA_DIR does not name a folder that holds it');
}

// Numbers as the model takes them, and its outputs as numbers: float32, or int8 with the scale and
// zero point that the model holds.
function codingOf(folder) {
  const constants = readInitializers(join(folder, 'model.onnx'));
  const numbers = (name, type) => new type(new Uint8Array(constants.get(name)).buffer)[0];
  const steps = (value) => ({scale: numbers(`${value}_scale`, Float32Array),
                             zero: numbers(`${value}_zero_point`, Int8Array)});
  const last = Math.max(...[...constants.keys()].map(
      (name) => Number(/^value_(\d+)_scale$/.exec(name)?.[1] ?? -1)));
  const input = steps('input');
  const output = steps(`value_${last}`);
  const halfToEven = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
  return {
    encode: (values) => Int8Array.from(values, (value) => Math.min(127, Math.max(
        -128, halfToEven(Math.fround(value / input.scale)) + input.zero))),
    decode: (values) => Array.from(values, (value) => output.scale * (value - output.zero)),
    step: output.scale,
  };
}

// `rowsPerRun`: a model that quantises at run time shares its ranges among the rows of a run.
async function compare(folder, {rowsPerRun, int8, int8Io}) {
  const inputs = readTensorFile(join(folder, 'test_inputs.pb'));
  const expected = readTensorFile(join(folder, 'predictions.pb'));
  const rows = Math.min(inputs.dims[0], kMaxRows);
  const sampleSize = inputs.values.length / inputs.dims[0];
  const session = await ort.InferenceSession.create(join(folder, 'model.onnx'), kSessionOptions);
  const coding = int8Io ? codingOf(folder) : null;
  const step = int8 ? codingOf(folder).step : Infinity;
  const outputs = [];
  for (let first = 0; first < rows; first += rowsPerRun) {
    const end = Math.min(first + rowsPerRun, rows);
    const values = inputs.values.slice(first * sampleSize, end * sampleSize);
    const input = new ort.Tensor(coding ? 'int8' : 'float32', coding ? coding.encode(values) : values,
                                 [end - first, ...inputs.dims.slice(1)]);
    const results = await session.run({[session.inputNames[0]]: input});
    const {data} = results[session.outputNames[0]];
    outputs.push(...(coding ? coding.decode(data) : data));
  }
  const count = rows * (expected.values.length / expected.dims[0]);
  if (outputs.length !== count) throw new Error(`${folder}: ${outputs.length} outputs, not ${count}`);
  let difference = 0;
  let different = 0;
  let largest = 1;
  for (let i = 0; i < count; ++i) {
    // NaN must not pass for equal.
    const at = Math.abs(outputs[i] - expected.values[i]);
    if (!(at <= difference)) difference = at;
    if (at > 0.5 * step) ++different;
    largest = Math.max(largest, Math.abs(expected.values[i]));
  }
  await session.release();
  return {difference, largest, different, count};
}

let failures = 0;

async function check(name, folder, outcome, quantizedNetwork) {
  const dynamic = name.includes('dynamic');
  const {difference, largest, different, count} = await compare(folder, {
    rowsPerRun: dynamic ? 1 : kRowsPerRun, int8: quantizedNetwork && !dynamic,
    int8Io: name.includes('int8-io')});
  const tolerance = outcome.predictionTolerance;
  // A tolerance that hides errors is an error too; `largest` may miss rows that were left out.
  const honest = quantizedNetwork || tolerance <= 10 * kRelativeToleranceFloat * largest;
  const passed = difference <= tolerance && honest && different === 0;
  if (!passed) ++failures;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name}: largest difference ` +
              `${difference.toExponential(2)}, tolerance ${tolerance.toExponential(2)}` +
              (different > 0 ? `, ${different} of ${count} outputs by a step or more` : ''));
}

const trainer = new Trainer(trainerPath);
for (const {name, dataset, model, variants} of cases) {
  const trial = {dataset, model, train: {epochs: 3}, fold: 0, seed: 42};
  const baseFolder = join(workFolder, name);
  const base = await trainer.run(
      {taskId: name, kind: 'TASK_KIND_BASE', trial, outputDir: baseFolder});
  await check(name, baseFolder, base, false);
  for (const [variant, compress] of Object.entries(variants)) {
    const folder = `${baseFolder}-${variant}`;
    const outcome = await trainer.run({
      taskId: folder, kind: 'TASK_KIND_COMPRESS', trial: {...trial, compress}, outputDir: folder,
      checkpointPath: join(baseFolder, base.checkpoint?.fileName ?? 'model.onnx'),
    });
    await check(`${name} ${variant}`, folder, outcome,
                variant.includes('int8') && !name.includes('knn'));
  }
}
trainer.close();
console.log(failures === 0 ? 'all models agree' : `${failures} models differ`);
process.exitCode = failures === 0 ? 0 : 1;
