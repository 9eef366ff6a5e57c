// A layer as one types it in PyTorch; what a layer takes by default is left out.
function typed(name, channels, settings) {
  const named = Object.entries(settings).filter(([, value]) => value !== undefined);
  return `${name}(${[...channels, ...named.map(([key, value]) => `${key}=${inPython(value)}`)].join(", ")})`;
}

function inPython(value) {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `(${value.join(", ")})`;
  return typeof value === "string" ? JSON.stringify(value) : value;
}

const unless = (value, usual) => (value === usual ? undefined : value);

// The lines of a convolution. Padding at one end only is a line of its own.
export function convCode({ in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias }) {
  const oneSided = Array.isArray(padding);
  const line = typed("nn.Conv2d", [in_channels, out_channels], {
    kernel_size, stride: unless(stride, 1), padding: oneSided ? undefined : unless(padding, 0), dilation: unless(dilation, 1),
    groups: unless(groups, 1), bias: unless(bias, true) });
  return oneSided ? [`nn.ZeroPad2d((${[...padding, ...padding].join(", ")}))  # left, right, top, bottom`, line] : [line];
}

export function poolCode({ kernel_size, stride, padding, ceil_mode }, kind = "nn.MaxPool2d") {
  return [typed(kind, [], { kernel_size, stride, padding: unless(padding, 0), ceil_mode: unless(ceil_mode, false) })];
}

export function transposeCode({ in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation }) {
  return [typed("nn.ConvTranspose2d", [in_channels, out_channels], {
    kernel_size, stride: unless(stride, 1), padding: unless(padding, 0), output_padding: unless(output_padding, 0), dilation: unless(dilation, 1) })];
}

export function linearCode({ in_features, out_features, bias }) {
  return [typed("nn.Linear", [in_features, out_features], { bias: unless(bias, true) })];
}
