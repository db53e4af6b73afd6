/** A small project that the tests search: a shop, in Python and TypeScript. */

export const SHOP: Record<string, string> = {
  "shop/cart.py": `"""What a customer is about to buy."""


class Cart:
    """Lines of goods, each with its price at the time it was put in."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int, float]] = []

    def put(self, article: str, count: int, price: float) -> None:
        self.lines.append((article, count, price))

    def total(self) -> float:
        """The sum over all lines, before any discount."""
        return sum(count * price for _, count, price in self.lines)
`,
  "shop/discount.py": `"""Price reductions."""


def apply_voucher(total: float, voucher: str) -> float:
    """Take a voucher's percentage off the total of an order."""
    percentages = {"SPRING": 10, "LOYAL": 15}
    return total * (100 - percentages.get(voucher, 0)) / 100


def loyalty_discount(total: float, years: int) -> float:
    """Customers who stayed with us for long pay less."""
    return total * (1 - min(years, 10) / 100)
`,
  "shop/delivery.py": `"""Getting parcels to people."""

import time


def deliver_with_retries(send, parcel, attempts: int = 5):
    """Try again after a failure, waiting twice as long each time."""
    pause = 0.5
    for attempt in range(attempts):
        try:
            return send(parcel)
        except ConnectionError:
            time.sleep(pause)
            pause *= 2
    raise TimeoutError(f"no courier took {parcel}")


def estimate_arrival(distance_km: float) -> float:
    """Hours until a parcel is at the door."""
    return 12 + distance_km / 60
`,
  "web/checkout.ts": `/** The page where people pay. */

export interface Payment {
  card: string;
  amount: number;
}

/** Refuse card numbers whose check digit is wrong. */
export function isValidCard(card: string): boolean {
  let sum = 0;
  for (let at = 0; at < card.length; at += 1) {
    let digit = Number(card[card.length - 1 - at]);
    if (at % 2 === 1) {
      digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    }
    sum += digit;
  }
  return sum % 10 === 0;
}
`,
  "tools/luhn.js": `export function luhn(text) {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) {
    let digit = Number(text[text.length - 1 - at]);
    if (at % 2 === 1) {
      digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    }
    sum += digit;
  }
  return sum % 10 === 0;
}
`,
  "docs/refunds.md": `# Refunds

## How money is given back

Within thirty days the customer gets the whole price back, to the card that was charged.
`,
  "tests/test_discount.py": `from shop.discount import apply_voucher


def test_a_voucher_takes_its_percentage_off():
    assert apply_voucher(200.0, "SPRING") == 180.0
`,
};
