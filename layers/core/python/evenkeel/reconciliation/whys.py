"""Why something is done about a mismatch, or why only a person can: for those who read a plan."""

from __future__ import annotations

from collections.abc import Mapping

from evenkeel.reconciliation.mismatch import MismatchType

SWEPT = "The sweeper settles it, within minutes of its coming back: there is nothing to post."
GONE = "It is not found any more."
CHANGED = "What was found has changed since: look again."

# What is proposed.
HELD_FOR_NOTHING = "The payment is over and took no money, but its hold stands: it is released."
NOT_PAID = "The payment says that no money was taken, for good, but it was: it is given back."
PAID_TWICE = "The payment has been debited beside its own debit: this one is given back."
NO_PAYMENT = (
    "There is no payment of this debit: it is given back. See first that the payment was not"
    " removed by mistake: whoever asks for it again under its key would find this debit."
)
UNKNOWN_TO_PAYMENT = "The payment knows nothing of this debit: it is given back."
REFUND_FAILED = "The refund failed for good, but was posted: it is taken back from the wallet."
NOT_DEBITED = (
    "The payment says that it is paid, and nothing was ever debited: the same debit is asked for"
    " again. If the wallet refuses, which is for good, the merchant is paid from suspense."
)
NOBODY_WILL_PAY = (
    "The payment says that it is paid, but its debit was refused or released for good:"
    " the merchant is paid from suspense."
)
NOT_CAPTURED = "The payment says that it was captured, and its hold still stands: it is captured."
NOT_REFUNDED = "The payment says that it was refunded, and it was not: the refund is posted."

# What only a person can decide.
UNREADABLE = "A record of it is not as we write it: find out what happened to it first."
UNSOUND = (
    "A wallet that would be posted to does not hold together: an entry may be missing that has"
    " moved this money already. Find out what happened to the wallet first."
)
PAYMENT_GONE = "The payment is not there."
NOT_A_DEBIT = "It is not a posted debit, so there is nothing to give back."
REFUND_OPEN = "A refund of the payment is on its way: look again when it has arrived."
REFUNDED = "Something of it was refunded: a reversal would give that back twice."
HOLD_ENDED = (
    "The hold has ended, and the payment does not say so. Void the payment, or capture it:"
    " it becomes what the ledger says."
)
MAY_STILL_GO_ON = (
    "The payment, or its refund, may still be asked for, and would take this transfer for its"
    " own. Ask for it again, so that it becomes what the ledger says; or void the payment first."
)
NAMED_BY_PAYMENT = "The payment names this transfer as the one that has paid."
NOT_COMPLETED = "The payment does not say that it is paid, or from which wallet."
NAMES_ANOTHER = "The payment is paid, but names another transfer: only an edit could change that."
STRANGE_AMOUNT = "The amount that the payment says it took is none that was agreed to."
PAID_OTHERWISE = "Suspense has paid in its place already: another amount, or another merchant."
CONTRADICTED = "What the ledger holds is not what the payment says now."
ANOTHER_STANDS = "Another debit of the payment stands: decide about that one first."
TAKEN_BACK = "What has paid was taken back, or its id is taken by something else."
HOLD_GONE = "The hold is not there: whether it ever was cannot be told."
REFUND_REFUSED = "The wallet has refused the refund for good, or it was taken back."
NOTHING_TO_REFUND = "What has paid is not there, or not from the payment's wallet."
TOO_MUCH_REFUNDED = "More would be refunded than was captured."
NAMES_NO_PAYMENT = "The transfer names no payment that could be looked at."

BY_HAND: Mapping[MismatchType, str] = {
    MismatchType.AMOUNT_MISMATCH: "Either amount may be the right one.",
    MismatchType.CURRENCY_MISMATCH: "Either currency may be the right one.",
    MismatchType.WALLET_MISMATCH: "Whose money it should have been is not in the records.",
    MismatchType.REFUND_EXCEEDS_CAPTURE: "Which of the refunds is one too many, a person must say.",
    MismatchType.BALANCE_DRIFT: "A counter was changed beside the ledger: this is tampering.",
    MismatchType.CHAIN_BROKEN: "An entry was removed or put in: this is tampering.",
    MismatchType.ENTRY_ALTERED: "A record was changed or removed: this is tampering.",
}
