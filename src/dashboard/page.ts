import { registerDashboard } from './element.ts';
import { remoteSource } from './remote-source.ts';

// The script of the page that `serveDashboard` serves.
registerDashboard();
const dashboard = document.createElement('relay-pool-dashboard');
dashboard.pool = remoteSource(document.baseURI);
document.body.append(dashboard);
