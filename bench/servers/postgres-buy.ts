import type { PeerName } from './peer.ts'

export type PostgresPeerName = Extract<PeerName, `postgres-${string}`>

/** Each locks another row, of which one is free nearly always; fewer than there are transactions at once would wait, and more are more to look at. */
const counterRows = 64

/**
 * What a shop would let PostgreSQL do for one `buy`, in one statement of one round trip: 1 sold, 0 sold out, -1 not this user's first. The order is its own
 * dedupe; the counter comes last, so that its row is locked for no longer than the commit takes.
 */
const buyFunction = (takeUnit: string): string => `
CREATE FUNCTION buy(the_user text, the_request text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO orders (buyer, request) VALUES (the_user, the_request) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN -1; END IF;
  ${takeUnit}
  IF NOT FOUND THEN
    DELETE FROM orders WHERE buyer = the_user;
    RETURN 0;
  END IF;
  RETURN 1;
END $$`

const orders = 'CREATE TABLE orders (buyer text PRIMARY KEY, request text NOT NULL)'
/** Room for the versions of a row that is changed all the time, so that they stay in its page and no index is touched. */
const counters = 'CREATE TABLE stock (part integer PRIMARY KEY, available bigint NOT NULL CHECK (available >= 0)) WITH (fillfactor = 10)'

/** The hot row: everybody changes the same one, one after another. */
const hotRow = `UPDATE stock SET available = available - 1 WHERE part = 0 AND available > 0;`

/** The stock in many rows, of which each takes one that nobody else holds. If all are held it waits for one: sold out is only what has no units. */
const freeRow = `
  UPDATE stock SET available = available - 1
    WHERE part = (SELECT part FROM stock WHERE available > 0 LIMIT 1 FOR UPDATE SKIP LOCKED);
  IF NOT FOUND THEN
    UPDATE stock SET available = available - 1
      WHERE part = (SELECT part FROM stock WHERE available > 0 LIMIT 1 FOR UPDATE);
  END IF;`

/** The statements that make the tables, the stock and the function. */
export function postgresSchema(peer: PostgresPeerName, stock: number): readonly string[] {
  const rows = peer === 'postgres-update' ? 1 : counterRows
  const filled = `INSERT INTO stock SELECT part, ${Math.ceil(stock / rows)} FROM generate_series(0, ${rows - 1}) AS part`
  return [orders, counters, filled, buyFunction(peer === 'postgres-update' ? hotRow : freeRow)]
}

/** Of the user and the request. */
export const postgresBuy = 'SELECT buy($1, $2)'
