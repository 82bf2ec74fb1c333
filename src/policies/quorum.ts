/** stub */
export type QuorumSize = number | 'majority' | 'all';
export function quorumOf(size: QuorumSize, members: number): number {
  return size === 'all' ? members : size === 'majority' ? Math.floor(members / 2) + 1 : size;
}
