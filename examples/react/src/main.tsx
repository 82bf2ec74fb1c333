import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RelayPoolProvider } from 'rx-relay-pool/react';
import '../../shared/app.css';
import { Composer } from './Composer';
import { Feed } from './Feed';
import { Relays } from './Relays';
import { relays } from './session';

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <RelayPoolProvider options={{ relays }}>
      <main>
        <h1>rx-relay-pool with React</h1>
        <Feed />
        <Composer />
        <Relays />
      </main>
    </RelayPoolProvider>
  </StrictMode>,
);
