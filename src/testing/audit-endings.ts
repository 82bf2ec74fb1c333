import { QuorumError } from '../operators/quorum.ts';
import { PoolError } from '../pool/pool-error.ts';
import { FilterError } from '../protocol/filter.ts';
import type { Audit, AuditContext } from './history-rule.ts';

interface Operation {
  readonly begun: number;
  readonly within: number;
  pending: number;
  isOver: boolean;
}

/** Whether all ended that had to, in its time, and said no more. */
export function auditEndings({ broken, patience }: AuditContext): Audit {
  const operations = new Map<string, Operation>();

  const begun = (name: string, at: number, within: number): void => {
    if (!operations.has(name)) operations.set(name, { begun: at, within, pending: 0, isOver: false });
  };
  const said = (name: string, at: number): void => {
    if (operations.get(name)?.isOver) broken(at, 'unended', `${name} went on after its end`);
  };
  const checkTime = (name: string, { begun: since, within }: Operation, at: number): void => {
    if (at > since + within + patience) broken(at, 'unended', `${name} was not over after ${at - since} ms`);
  };

  return {
    see: (entry) => {
      switch (entry.type) {
        case 'asked':
        case 'publishing':
          return begun(entry.name, entry.at, entry.within);
        case 'packet':
        case 'event':
          return said(entry.name, entry.at);
        case 'report': {
          said(entry.name, entry.at);
          const operation = operations.get(entry.name);
          if (operation) operation.pending = entry.report.pending;
          return;
        }
        case 'ended': {
          const operation = operations.get(entry.name);
          if (!operation) return;
          operation.isOver = true;
          checkTime(entry.name, operation, entry.at);
          if (entry.how === 'errored' && !isMisuse(entry.error)) {
            broken(entry.at, 'errored', `${entry.name} errored: ${String(entry.error)}`);
          }
          if (entry.how === 'completed' && operation.pending > 0) {
            broken(entry.at, 'unended', `${entry.name} completed while ${operation.pending} relays were pending`);
          }
          return;
        }
        case 'over':
          for (const [name, { isOver }] of operations) {
            if (!isOver) broken(entry.at, 'unended', `${name} was not over when all was closed`);
          }
          return;
        default:
      }
    },
    end: (at) => {
      for (const [name, operation] of operations) if (!operation.isOver) checkTime(name, operation, at);
    },
  };
}

/** What a stream may error with: the caller asked for too much. */
function isMisuse(error: unknown): boolean {
  return [PoolError, FilterError, QuorumError].some((type) => error instanceof type);
}
