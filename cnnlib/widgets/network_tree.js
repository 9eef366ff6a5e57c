// The blocks of a network as a tree that folds: pure, from the nodes' paths.

// A group holds the nodes from `first` to `last`; a leaf is one node. Blocks are runs of neighbours with a common path.
export function treeOf(nodes) {
  const level = (low, high, depth) => {
    const items = [];
    for (let i = low; i < high; ) {
      const part = nodes[i].path[depth];
      let end = i + 1;
      if (part !== undefined) while (end < high && nodes[end].path[depth] === part) end += 1;
      if (part === undefined || end === i + 1) items.push({ key: `${i}`, depth, first: i, last: i, title: leafTitle(nodes[i], depth) });
      else items.push({ key: `${i}-${end - 1}@${depth}`, depth, first: i, last: end - 1, title: part, children: level(i, end, depth + 1) });
      i = end;
    }
    return items;
  };
  return level(0, nodes.length, 0);
}

const leafTitle = (node, depth) => (node.name.includes(".") ? node.name.split(".").slice(depth).join(".") : node.name);

// The items to be seen when the groups with these keys are unfolded.
export function unfoldedItems(items, open) {
  return items.flatMap((item) => (item.children && open.has(item.key) ? [item, ...unfoldedItems(item.children, open)] : [item]));
}

export function groupKeys(items) {
  return items.flatMap((item) => (item.children ? [item.key, ...groupKeys(item.children)] : []));
}

// The groups that hold a node, from the outside in.
export function groupsAround(items, index) {
  const group = items.find((item) => item.children && item.first <= index && index <= item.last);
  return group ? [group.key, ...groupsAround(group.children, index)] : [];
}

// As much unfolded as `most` rows allow, level by level.
export function firstOpen(items, most) {
  let open = new Set();
  for (;;) {
    const closed = unfoldedItems(items, open).filter((item) => item.children && !open.has(item.key));
    const next = new Set([...open, ...closed.map((item) => item.key)]);
    if (!closed.length || unfoldedItems(items, next).length > most) return open;
    open = next;
  }
}
