export interface LearntLimit {
  readonly limit: 'maxSubscriptions' | 'maxFilters' | 'maxMessageLength' | 'maxLimit' | 'minPowDifficulty';
  readonly value?: number;
}
export function learnLimit(text: string): LearntLimit | undefined {
  return text.includes('too many subscriptions') ? { limit: 'maxSubscriptions' } : undefined;
}
