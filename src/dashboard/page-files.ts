/** What the served page consists of, its script aside; nothing comes from elsewhere. */
const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Relay pool</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="page.css">
<script type="module" src="dashboard.js"></script>
</head>
<body><noscript>The dashboard needs JavaScript.</noscript></body>
</html>
`;

const css = `:root { color-scheme: light dark; background: light-dark(#f3f5f8, #0e1319); }
body { margin: 0; }
`;

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="3" fill="#2c83dd"/><g fill="none" stroke="#2c83dd" stroke-width="1.5"><path d="M8 8 3 3M8 8l5-5M8 8v6"/><circle cx="2.5" cy="2.5" r="1.5"/><circle cx="13.5" cy="2.5" r="1.5"/><circle cx="8" cy="14" r="1.2"/></g></svg>
`;

/** By path: the type and the content. */
export function pageFiles(script: string): ReadonlyMap<string, readonly [type: string, content: string]> {
  return new Map([
    ['/', ['text/html; charset=utf-8', html]],
    ['/page.css', ['text/css; charset=utf-8', css]],
    ['/icon.svg', ['image/svg+xml', icon]],
    ['/dashboard.js', ['text/javascript; charset=utf-8', script]],
  ]);
}

/** Nothing but what this server serves, no frames, no forms. */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;
