import type { PublishOutcome } from '../pool/publish-report.ts';
import type { PublishQuorum } from '../pool/publish-quorum.ts';
import { quorumOf, type QuorumSize, type QuorumVerdict, verdictOfQuorum } from '../policies/quorum.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

type Answers = Readonly<Record<RelayUrl, PublishOutcome>>;

/**
 * How a quorum stands by what relays have answered so far, over all attempts: `failed` only when so many refused for good that it can never
 * be met by these relays. Where the route leads to too few for now it is `open`, as there may be more later.
 *
 * @param targets - Where the latest attempt went. Relays that accepted before count too: what they said stays true.
 * @param members - The relays of a cluster.
 */
export function standing(
  quorum: PublishQuorum,
  targets: readonly RelayUrl[],
  answers: Answers,
  members: (cluster: string) => readonly RelayUrl[],
): QuorumVerdict {
  const accepting = (Object.keys(answers) as RelayUrl[]).filter((url) => answers[url]?.status === 'accepted');
  const all = [...new Set([...targets, ...accepting])];
  if (typeof quorum !== 'object') return ofPart(quorum, all, all.length, answers);
  const verdicts = Object.entries(quorum).map(([name, size]) => {
    const cluster = members(name);
    const reached = all.filter((url) => cluster.includes(url));
    return ofPart(size, reached, cluster.length, answers);
  });
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.includes('open') ? 'open' : 'met';
}

function ofPart(size: QuorumSize, relays: readonly RelayUrl[], of: number, answers: Answers): QuorumVerdict {
  const needed = quorumOf(size, of);
  const count = (status: PublishOutcome['status']): number =>
    relays.filter((url) => answers[url]?.status === status).length;
  const refused = count('rejected');
  const verdict = verdictOfQuorum(needed, count('accepted'), relays.length - count('accepted') - refused);
  // Nobody's refusal is the reason where there are too few anyway.
  return verdict === 'failed' && relays.length < needed ? 'open' : verdict;
}
