export { levelOutboxStore } from '#level-store';
export { DurableOutbox } from './durable-outbox.ts';
export { OutboxError, type OutboxErrorCode } from './outbox-error.ts';
export type { DurableOutboxOptions, OutboxPublishOptions } from './outbox-options.ts';
export type { OutboxReport, OutboxStatus, OutboxTrouble } from './outbox-report.ts';
export { memoryOutboxStore, type OutboxStore } from './outbox-store.ts';
