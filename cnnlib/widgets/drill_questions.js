// Endless questions: each follows from topic, level, seed and number alone, so that they come again in the same order.
import { seeded } from "./seeded.js";
import { answerOf, slipsOf } from "./tasks.js";
import { convCode, linearCode, poolCode, transposeCode } from "./drill_code.js";

const CHANNELS = [[3, 16], [3, 64], [3, 96], [16, 32], [32, 64], [64, 128], [96, 256], [128, 128], [6, 16]];
const PICTURES = [28, 32, 48, 56, 64, 96, 112, 224, 227];
const MAPS = [7, 8, 13, 14, 15, 16, 27, 28, 32, 55, 56];

// Each topic: (level, draw) → { task, args, ask, values, code }.
const TOPICS = {
  output_size(level, draw) {
    const famous = level === 1 && draw.chance(0.15);
    const [in_channels, out_channels] = draw.pick(famous ? [[3, 64], [3, 96]] : CHANNELS);
    const kernel_size = draw.pick([3, 3, 5, 5, 7, 11, 2, 4]);
    const args = { input_size: draw.pick(in_channels === 3 ? PICTURES : MAPS), kernel_size, stride: draw.pick([1, 1, 2, 2, 3, 4]), padding: draw.pick([0, 1, 2, 3].filter((each) => each <= kernel_size / 2)) };
    if (famous) Object.assign(args, draw.pick(FAMOUS));
    if (level >= 2) args.stride = draw.pick([1, 2, 2, 3, 4]);
    if (level >= 2 && draw.chance(0.35)) args.padding = args.stride === 1 ? "same" : draw.pick([[0, 1], [1, 2], [0, 2]]);
    if (level === 3) Object.assign(args, { dilation: draw.pick([2, 2, 3, 4]), kernel_size: draw.pick([2, 3, 3, 4, 5, 7]) });
    if (level === 3 && draw.chance(0.2)) Object.assign(args, { kernel_size: 16, stride: 16, padding: 0, dilation: 1, input_size: draw.pick([200, 224, 250]) });
    return { task: "conv_output_size", args, values: { n: args.input_size }, code: convCode({ in_channels, out_channels, ...args }) };
  },

  pooling_size(level, draw) {
    const kernel = draw.pick([2, 2, 3, 3, 4]);
    const args = { input_size: draw.pick([...MAPS, 24, 10, 54, 111, 112, 113]), kernel_size: kernel };
    if (level > 1 || draw.chance(0.5)) args.stride = draw.pick([2, 2, 3, kernel]);
    if (level > 1 && draw.chance(0.5)) args.padding = draw.pick([1, Math.floor(kernel / 2)]);
    if (level === 3) Object.assign(args, { ceil_mode: draw.chance(0.75), stride: draw.pick([2, 3, 3, 4]) });
    const kind = draw.chance(0.6) ? "nn.MaxPool2d" : "nn.AvgPool2d";
    return { task: "pool_output_size", args, values: { n: args.input_size }, code: poolCode(args, kind) };
  },

  transposed_size(level, draw) {
    const args = { input_size: draw.pick([4, 7, 8, 14, 16, 28, 32]), kernel_size: draw.pick([2, 3, 4, 4, 5]), stride: draw.pick([2, 2, 3, 4]), padding: level === 1 ? draw.pick([0, 1]) : draw.pick([1, 1, 2]) };
    if (level >= 2) args.output_padding = draw.pick(args.stride > 2 ? [0, 1, 2] : [0, 1, 1]);
    if (level === 3) args.dilation = draw.pick([2, 2, 3]);
    const [out_channels, in_channels] = draw.pick(CHANNELS);
    return { task: "conv_transpose_output_size", args, values: { n: args.input_size }, code: transposeCode({ in_channels, out_channels, ...args }) };
  },

  parameters(level, draw) {
    const bias = level === 1 || draw.chance(0.4);
    if (level === 2 && draw.chance(0.3)) {
      const [c, side] = draw.pick([[16, 5], [16, 4], [32, 7], [64, 6], [50, 4], [20, 8]]), out_features = draw.pick([10, 84, 100, 120, 128]);
      return {
        task: "flat_linear_parameters", args: { shape: [c, side, side], out_features, bias }, ask: "ask_flat_parameters", values: { c, n: side },
        code: ["nn.Flatten()", ...linearCode({ in_features: "…", out_features, bias })] };
    }
    const [in_channels, out_channels] = draw.pick(level === 1 ? [[1, 6], [3, 10], [3, 8], [3, 16], [6, 16], [8, 16], [16, 32]] : CHANNELS);
    const args = { in_channels, out_channels, kernel_size: draw.pick([1, 3, 3, 5, 5, 7, 11]), bias };
    if (level === 3) {
      const [wide, many] = draw.pick([[16, 32], [32, 64], [64, 64], [96, 256], [48, 96]]);
      Object.assign(args, { in_channels: wide, out_channels: many, kernel_size: draw.pick([1, 3, 5]), groups: draw.pick([2, 4, 8, 16]) });
      if (draw.chance(0.3)) Object.assign(args, { out_channels: wide, groups: wide }); // depthwise
      else if (draw.chance(0.3)) Object.assign(args, { kernel_size: draw.pick([[1, 7], [7, 1], [3, 5]]), groups: 1 });
    }
    const distractors = level === 1 || Array.isArray(args.kernel_size) ? {} : { stride: draw.pick([1, 2]), padding: draw.pick([0, Math.floor(args.kernel_size / 2)]) };
    return { task: "conv_parameters", args, values: {}, code: convCode({ ...args, ...distractors }) };
  },

  receptive_field(level, draw) {
    const count = level === 1 ? draw.pick([2, 2, 3]) : draw.pick(level === 2 ? [3, 4] : [4, 5]);
    const windows = Array.from({ length: count }, (_, i) => drawnWindow(level, draw, i));
    if (level > 1 && windows.every(({ stride }) => stride === undefined)) windows[draw.below(count - 1)].stride = 2;
    let channels = 3;
    const code = windows.flatMap(({ pool, ...window }) => {
      if (pool) return poolCode(window);
      const in_channels = channels;
      channels = Math.min(256, channels === 3 ? 16 : channels * 2);
      return convCode({ in_channels, out_channels: channels, ...window });
    });
    const args = { windows: windows.map(({ pool, ...window }) => ({ ...window, ...(pool && { stride: window.stride ?? window.kernel_size }) })) };
    return { task: "receptive_field", args, values: {}, code };
  },

  macs(level, draw) {
    if (level === 2 && draw.chance(0.15)) {
      const args = { in_features: draw.pick([120, 256, 400, 512]), out_features: draw.pick([10, 84, 100, 120]) };
      return { task: "linear_macs", args, ask: "ask_linear_macs", values: { n: args.in_features }, code: linearCode(args) };
    }
    const kernel_size = draw.pick([1, 3, 3, 5]);
    const [in_channels, out_channels] = draw.pick(level === 1 ? [[1, 6], [3, 8], [3, 16], [6, 16], [8, 16]] : [[3, 16], [16, 32], [32, 64], [64, 64], [64, 128]]);
    const args = { in_channels, out_channels, kernel_size, input_size: draw.pick([8, 10, 14, 16, 20, 28, 32]), padding: (kernel_size - 1) / 2 };
    if (level >= 2) Object.assign(args, { stride: draw.pick([1, 2, 2]), padding: draw.pick([0, 0, args.padding]) });
    if (level === 3) args.groups = draw.pick(in_channels === 3 ? [1] : [1, 2, 4, in_channels]);
    return { task: "conv_layer_macs", args, values: { n: args.input_size, c: in_channels }, code: convCode(args) };
  },
};

const FAMOUS = [ // LeNet-5, AlexNet, ResNet's first layer, VGG
  { input_size: 32, kernel_size: 5, stride: 1, padding: 0 }, { input_size: 227, kernel_size: 11, stride: 4, padding: 0 },
  { input_size: 224, kernel_size: 11, stride: 4, padding: 2 }, { input_size: 224, kernel_size: 7, stride: 2, padding: 3 },
  { input_size: 224, kernel_size: 3, stride: 1, padding: 1 },
];

function drawnWindow(level, draw, place) {
  if (place > 0 && draw.chance(level === 1 ? 0.25 : 0.35)) return { pool: true, kernel_size: draw.pick([2, 2, 3]), stride: draw.pick([undefined, 2]) };
  const window = { kernel_size: draw.pick([3, 3, 3, 5, place === 0 ? 7 : 1]) };
  if (level > 1 && draw.chance(0.35)) window.stride = 2;
  if (level > 1 && draw.chance(0.5)) window.padding = Math.floor(window.kernel_size / 2);
  if (level === 3 && window.kernel_size > 1 && draw.chance(0.5)) window.dilation = draw.pick([2, 2, 3]);
  return window;
}

export const TOPIC_NAMES = Object.keys(TOPICS);

// Question `number` (from 1) of a topic, or of all topics mixed, with the key of its sentence and its lines of code.
export function drillQuestion({ topic, level, seed, number }) {
  const draw = seeded(topic, level, seed, number);
  const chosen = topic === "mixed" ? draw.pick(TOPIC_NAMES) : topic;
  for (;;) { // what does not fit, or could hide no slip, is drawn again
    const question = { topic: chosen, ask: `ask_${chosen}`, ...TOPICS[chosen](level, draw) };
    const right = answerOf(question.task, question.args);
    if (right !== null && right >= 1 && slipsOf(question.task, question.args).length >= 3) return question;
  }
}
