import { expect, test } from 'vitest'
import { shopAddresses } from './shop-addresses.ts'

const common = { netmask: '', mac: '', cidr: null }
const interfaces = {
  lo: [{ ...common, address: '127.0.0.1', family: 'IPv4' as const, internal: true }],
  wlan: [
    { ...common, address: '192.168.1.20', family: 'IPv4' as const, internal: false },
    { ...common, address: 'fe80::1', family: 'IPv6' as const, internal: false, scopeid: 2 },
  ],
}

test.each([
  ['127.0.0.1', [{ url: 'http://127.0.0.1:7080/', shared: false }]],
  ['::1', [{ url: 'http://[::1]:7080/', shared: false }]],
  ['192.168.1.20', [{ url: 'http://192.168.1.20:7080/', shared: true }]],
  [
    '0.0.0.0',
    [
      { url: 'http://localhost:7080/', shared: false },
      { url: 'http://192.168.1.20:7080/', shared: true },
    ],
  ],
])('DEMO-14 where the shop is found on %s', (host, expected) => {
  expect(shopAddresses(host, 7080, interfaces)).toEqual(expected)
})
