from datetime import timedelta

import pytest

from evenkeel.errors import (
    IdempotencyKeyReused,
    InvalidState,
    LimitReached,
    ObjectNotFound,
    StoreUnconfirmed,
    ValidationFailed,
    VersionConflict,
)
from evenkeel.webhooks.delivery import DeliveryStatus
from evenkeel.webhooks.model import (
    ENDPOINT_COUNT_MAX,
    SECRET_COUNT_MAX,
    DisabledReason,
    EndpointStatus,
)
from evenkeel.webhooks.ports import EndpointQuery
from tests.fakes.postman import ERROR
from tests.unit.webhooks.office import CLIENT, Office
from tests.webhooks import wish

DAY = timedelta(hours=24)


def test_an_endpoint_is_enabled_and_has_one_secret(office: Office) -> None:
    endpoint = office.register()

    assert endpoint.status is EndpointStatus.ENABLED
    assert endpoint.signing(office.clock()) == [endpoint.secret]
    assert office.webhooks.get(CLIENT, endpoint.id) == endpoint
    assert office.webhooks.of_client(CLIENT) == [endpoint]


def test_the_same_request_makes_one_endpoint_and_is_answered_with_its_secret(
    office: Office,
) -> None:
    first = office.webhooks.register(wish())
    again = office.webhooks.register(wish())

    assert (first.replayed, again.replayed) == (False, True)
    assert again.endpoint == first.endpoint
    assert len(office.webhooks.of_client(CLIENT)) == 1


def test_a_replay_is_as_the_first_answer_whatever_has_become_of_the_endpoint(
    office: Office,
) -> None:
    first = office.register()
    office.webhooks.rotate(CLIENT, first.id)
    rotated = office.webhooks.register(wish()).endpoint
    office.webhooks.delete(CLIENT, first.id)
    deleted = office.webhooks.register(wish()).endpoint

    assert rotated == deleted == first
    assert office.webhooks.of_client(CLIENT) == []


def test_the_same_key_with_another_body_is_refused(office: Office) -> None:
    office.register()

    with pytest.raises(IdempotencyKeyReused):
        office.webhooks.register(wish(fingerprint="other"))


@pytest.mark.parametrize("url", ["http://example.com/", "https://169.254.169.254/"])
def test_a_url_that_is_not_called_is_refused_by_the_name_of_its_field(
    office: Office, url: str
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        office.register(url=url)

    [fault] = caught.value.errors
    assert fault.field == "url"
    assert office.endpoints.endpoints == {}


def test_a_client_has_ten_endpoints_at_most_and_one_less_makes_room(office: Office) -> None:
    for number in range(ENDPOINT_COUNT_MAX):
        office.register(f"k{number}")
    with pytest.raises(LimitReached):
        office.register("one-more")
    office.register("k1", "cli_b")
    office.webhooks.delete(CLIENT, "whk_k3")
    office.register("one-more")

    listed = [each.id for each in office.webhooks.of_client(CLIENT)]
    assert listed == ["whk_one-more"] + [f"whk_k{number}" for number in (9, 8, 7, 6, 5, 4, 2, 1, 0)]


def test_a_lost_answer_of_the_store_is_no_replay_and_no_second_endpoint(office: Office) -> None:
    office.endpoints.late_faults.append(StoreUnconfirmed())
    registered = office.webhooks.register(wish())

    assert not registered.replayed
    assert [each.id for each in office.webhooks.of_client(CLIENT)] == [registered.endpoint.id]


def test_a_lost_race_for_the_list_is_run_again(office: Office) -> None:
    office.endpoints.faults.append(VersionConflict())
    office.register()

    assert len(office.webhooks.of_client(CLIENT)) == 1


def test_a_deleted_endpoint_is_not_there_and_deleting_it_again_changes_nothing(
    office: Office,
) -> None:
    endpoint = office.register()
    office.webhooks.delete(CLIENT, endpoint.id)
    stored = office.endpoint()
    office.webhooks.delete(CLIENT, endpoint.id)

    assert office.endpoint() == stored
    assert stored.secrets == ()
    for ask in (office.webhooks.get, office.webhooks.rotate, office.webhooks.enable):
        with pytest.raises(ObjectNotFound):
            ask(CLIENT, endpoint.id)
    with pytest.raises(ObjectNotFound):
        office.webhooks.log(EndpointQuery(CLIENT, endpoint.id, 1))


@pytest.mark.parametrize("endpoint_id", ["whk_none", "", "whk_", "pay_k1", "x" * 3000])
def test_an_endpoint_that_nobody_has_is_not_found(office: Office, endpoint_id: str) -> None:
    for ask in (office.webhooks.get, office.webhooks.delete, office.webhooks.rotate):
        with pytest.raises(ObjectNotFound):
            ask(CLIENT, endpoint_id)


def test_a_new_secret_signs_at_once_and_the_old_one_for_a_day_more(office: Office) -> None:
    old = office.register().secret
    rotated = office.webhooks.rotate(CLIENT, "whk_k1")
    now = office.clock()

    assert rotated.secret != old
    assert rotated.signing(now) == [rotated.secret, old]
    assert rotated.signing(now + DAY - timedelta(seconds=1)) == [rotated.secret, old]
    assert rotated.signing(now + DAY) == [rotated.secret]


def test_rotating_twice_in_a_day_leaves_in_force_what_the_client_may_still_use(
    office: Office,
) -> None:
    """Its first request may have been answered to nobody, and repeated."""
    old = office.register().secret
    first = office.webhooks.rotate(CLIENT, "whk_k1").secret
    office.later(hours=1)
    second = office.webhooks.rotate(CLIENT, "whk_k1")

    assert second.signing(office.clock()) == [second.secret, first, old]
    office.later(hours=23)
    assert second.signing(office.clock()) == [second.secret, first]


def test_too_many_secrets_are_refused_until_one_is_over(office: Office) -> None:
    office.register()
    for _ in range(SECRET_COUNT_MAX - 1):
        office.webhooks.rotate(CLIENT, "whk_k1")
    before = office.endpoint()
    with pytest.raises(LimitReached):
        office.webhooks.rotate(CLIENT, "whk_k1")
    after = office.endpoint()
    office.later(hours=24)
    rotated = office.webhooks.rotate(CLIENT, "whk_k1")

    assert before == after
    assert len(rotated.secrets) == 2


def test_a_lost_answer_of_the_store_rotates_once(office: Office) -> None:
    office.register()
    office.endpoints.late_faults.append(StoreUnconfirmed())
    rotated = office.webhooks.rotate(CLIENT, "whk_k1")

    assert office.endpoint() == rotated
    assert len(rotated.secrets) == 2


def test_a_disabled_endpoint_is_enabled_as_if_it_had_never_failed(office: Office) -> None:
    office.register()
    office.postman.always = ERROR
    office.happen()
    office.send_next()
    office.endpoints.save(office.endpoint().disabled(DisabledReason.FAILING))
    enabled = office.webhooks.enable(CLIENT, "whk_k1")

    assert (enabled.status, enabled.disabled_reason) == (EndpointStatus.ENABLED, None)
    assert (office.health().strikes, office.health().failing_since) == (0, None)
    assert office.webhooks.enable(CLIENT, "whk_k1") == enabled


def test_each_delivery_is_in_the_log_newest_first(office: Office) -> None:
    office.register()
    for number in range(5):
        office.later(seconds=1)
        office.happen(f"e{number}")
    first = office.webhooks.log(EndpointQuery(CLIENT, "whk_k1", 3))
    rest = office.webhooks.log(EndpointQuery(CLIENT, "whk_k1", 3, after=first.next))

    listed = [each.event_id for page in (first, rest) for each in page.deliveries]
    assert listed == ["evt_e4", "evt_e3", "evt_e2", "evt_e1", "evt_e0"]
    assert rest.next is None


@pytest.mark.parametrize("status", [DeliveryStatus.DELIVERED, DeliveryStatus.FAILED])
def test_a_delivery_that_is_over_is_sent_once_more(office: Office, status: DeliveryStatus) -> None:
    office.register()
    if status is DeliveryStatus.FAILED:
        office.postman.outcomes = [ERROR] * 15
    office.happen()
    office.send_all()
    attempt_count = office.delivery().attempt_count
    assert office.delivery().status is status
    again = office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)
    office.send_all()

    assert again.status is DeliveryStatus.PENDING
    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert office.delivery().attempt_count == attempt_count + 1
    assert {sent.body for sent in office.postman.sent} == {office.delivery().body.encode()}


def test_what_is_sent_once_more_has_all_its_attempts_again(office: Office) -> None:
    office.register()
    office.postman.outcomes = [ERROR] * 29
    office.happen()
    office.send_all()
    office.later(days=2)
    office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)
    office.send_all()

    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert office.delivery().attempt_count == 30


def test_what_waits_for_its_time_is_sent_now_and_not_a_second_time_then(office: Office) -> None:
    office.register()
    office.postman.outcomes = [ERROR] * 2
    office.happen()
    for _ in range(2):
        office.send_next()
    office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)
    asked_at = office.clock()
    office.send_next()

    assert (office.clock(), office.delivery().status) == (asked_at, DeliveryStatus.DELIVERED)
    office.send_all()
    assert len(office.postman.sent) == 3


def test_what_is_asked_for_again_waits_its_turn_where_the_endpoint_has_struck(
    office: Office,
) -> None:
    """Or whoever asks often enough, for one that never answers, would have all the senders."""
    office.register()
    office.postman.outcomes = [ERROR] * 5
    office.happen()
    for _ in range(5):
        office.send_next()
    asked_at = office.clock()
    office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)
    while office.delivery().status is DeliveryStatus.PENDING:
        office.send_next()

    assert timedelta(seconds=30) <= office.clock() - asked_at < timedelta(minutes=1)


def test_asking_twice_sends_it_once(office: Office) -> None:
    office.register()
    office.happen()
    office.send_all()
    for _ in range(2):
        office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)
    office.send_all()

    assert len(office.postman.sent) == 2


def test_a_delivery_of_another_endpoint_or_client_is_not_found(office: Office) -> None:
    office.register("k1")
    office.register("k2")
    office.register("k1", "cli_b")
    office.happen()
    delivery_id = office.delivery(key="k1").id

    for client_id, endpoint_id in ((CLIENT, "whk_k2"), ("cli_b", "whk_k1"), (CLIENT, "whk_k3")):
        with pytest.raises(ObjectNotFound):
            office.webhooks.redeliver(client_id, endpoint_id, delivery_id)
    with pytest.raises(ObjectNotFound):
        office.webhooks.redeliver(CLIENT, "whk_k1", "x" * 3000)


def test_nothing_is_sent_again_to_a_disabled_endpoint(office: Office) -> None:
    office.register()
    office.happen()
    office.send_all()
    office.endpoints.save(office.endpoint().disabled(DisabledReason.GONE))

    with pytest.raises(InvalidState) as caught:
        office.webhooks.redeliver(CLIENT, "whk_k1", office.delivery().id)

    assert (caught.value.subject, caught.value.status) == ("webhook", EndpointStatus.DISABLED)
    assert office.queue.waiting == []
