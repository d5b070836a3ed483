"""What is found at once gets its places as it would have come one by one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aggregator.topics.ordering import oldest_first

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FOUND = st.lists(
    st.tuples(
        st.integers(0, 9).map(lambda hours: NOON + timedelta(hours=hours)),
        st.frozensets(st.sampled_from("abc"), max_size=2),
    ),
    max_size=12,
)


@given(FOUND)
def test_what_shares_a_thread_stays_in_order_and_all_else_goes_by_time(found):
    ordered = oldest_first((when, threads, at) for at, (when, threads) in enumerate(found))
    assert sorted(ordered) == list(range(len(found)))
    place = {at: n for n, at in enumerate(ordered)}
    for one, (when, threads) in enumerate(found):
        for other, (later, others) in enumerate(found[one + 1 :], one + 1):
            if threads & others:
                assert place[one] < place[other]
            elif not threads and not others and when != later:
                assert (place[one] < place[other]) is (when < later)
    alone = [at for at in ordered if not found[at][1]]
    assert all(found[one][0] <= found[other][0] for one, other in pairwise(alone))
