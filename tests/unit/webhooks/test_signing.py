"""What we sign is verified by the library that receivers use."""

from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from evenkeel.webhooks.signing import headers, new_secret, signature
from tests.webhooks import OTHER_SECRET, SECRET

BODY = '{"id":"evt_1","type":"PaymentCompleted","data":{"name":"Zwölf"}}'.encode()


def now_s() -> int:
    """The library looks at the clock on the wall, five minutes both ways."""
    return int(datetime.now(UTC).timestamp())


def test_the_example_of_the_specification_is_signed_as_it_says() -> None:
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_signed_is_verified_and_read() -> None:
    sent = headers([SECRET], "evt_1", now_s(), BODY)

    assert Webhook(SECRET).verify(BODY, sent) == {
        "id": "evt_1",
        "type": "PaymentCompleted",
        "data": {"name": "Zwölf"},
    }


def test_a_body_with_any_other_byte_is_refused() -> None:
    sent = headers([SECRET], "evt_1", now_s(), BODY)

    for place in range(len(BODY)):
        altered = bytearray(BODY)
        altered[place] ^= 1
        with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
            Webhook(SECRET).verify(bytes(altered), sent)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_with_any_other_character_is_refused(name: str) -> None:
    sent = headers([SECRET], "evt_1", now_s(), BODY)
    value = sent[name]
    # The last character of the base64 carries bits that say nothing: it is followed by "=".
    places = range(len(value) - 2 if name == "webhook-signature" else len(value))

    for place in places:
        other = "1" if value[place] == "0" else "0"
        altered = value[:place] + other + value[place + 1 :]
        # The library has no word of its own for a signature without a comma.
        with pytest.raises((WebhookVerificationError, ValueError)):
            Webhook(SECRET).verify(BODY, sent | {name: altered})


def test_another_secret_does_not_verify_it() -> None:
    sent = headers([SECRET], "evt_1", now_s(), BODY)

    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER_SECRET).verify(BODY, sent)


def test_with_two_secrets_in_force_either_one_verifies_it() -> None:
    sent = headers([OTHER_SECRET, SECRET], "evt_1", now_s(), BODY)

    assert Webhook(SECRET).verify(BODY, sent) == Webhook(OTHER_SECRET).verify(BODY, sent)


def test_a_request_of_ten_minutes_ago_is_refused() -> None:
    sent = headers([SECRET], "evt_1", now_s() - 600, BODY)

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, sent)


def test_secrets_are_new_each_time_and_as_long_as_the_specification_asks() -> None:
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    for secret in made:
        sent = headers([secret], "evt_1", now_s(), BODY)
        assert Webhook(secret).verify(BODY, sent)
        assert 24 <= len(Webhook(secret)._whsecret) <= 64
