export const words = {
  "en": {
    "title": "Bottleneck calculator",
    "in_channels": "channels in",
    "out_channels": "channels out",
    "kernel_size": "kernel_size",
    "size": "map size",
    "reduced": "reduced channels",
    "what": "",
    "direct": "directly",
    "reduce": "1 × 1, to fewer channels",
    "spatial": "{k} × {k}, from fewer channels",
    "together": "both together",
    "weights": "weights",
    "macs": "multiply-adds",
    "sum_direct": "{s} × {s} places × {k} × {k} × {i} × {o} = {macs} multiply-adds",
    "sum_through": "{s} × {s} places × ({i} × {r} + {k} × {k} × {r} × {o}) = {macs} multiply-adds",
    "through": "through {r} channels",
    "saves": "The bottleneck needs {share} % of the multiply-adds: {times} times fewer.",
    "costs": "The bottleneck costs more than it saves: {times} times as many multiply-adds.",
    "same": "The bottleneck needs exactly as many multiply-adds.",
    "pays_to": "With these channels and this kernel it pays up to {last} reduced channels, whatever the map size.",
    "never": "With these channels and this kernel it never pays, not even through one channel.",
    "wider": "It is no bottleneck any more: it has more channels than what goes in or what comes out.",
    "bars": "Multiply-adds: {direct} directly, {through} through the bottleneck. The line marks the direct cost.",
    "reset": "Reset",
    "no_script": "With JavaScript every number can be changed. Now: {direct} multiply-adds directly, {through} through the bottleneck."
  }
};
