import { registerDashboard } from './element.ts';

export { RelayPoolDashboard } from './element.ts';
export { type RemoteSource, remoteSource, type RemoteSourceOptions } from './remote-source.ts';
export type { DashboardCall, DashboardRelay, DashboardSource } from './source.ts';

registerDashboard();
