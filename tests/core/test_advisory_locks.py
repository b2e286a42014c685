"""Advisory locks keep others out for a transaction or a block, each apart from all others."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from core.advisory_locks import AdvisoryLock, first_free, held, take_if_free, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
LEDGER, VOTING = AdvisoryLock.LEDGER, AdvisoryLock.VOTING


def elsewhere(act):
    """What it comes to in a transaction on another connection, which may wait for a second."""

    def run():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
                return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_a_lock_is_had_until_the_transaction_ends():
    with transaction.atomic():
        wait_for(LEDGER, 7)
        assert not elsewhere(lambda: take_if_free(LEDGER, 7))
        assert elsewhere(lambda: take_if_free(LEDGER, 8))
        assert elsewhere(lambda: take_if_free(VOTING, 7))
    assert elsewhere(lambda: take_if_free(LEDGER, 7))


def test_those_who_share_do_not_wait_for_each_other():
    with transaction.atomic():
        wait_for(VOTING, shared=True)
        elsewhere(lambda: wait_for(VOTING, shared=True))
        with pytest.raises(Exception, match="lock timeout"):
            elsewhere(lambda: wait_for(VOTING))


def test_a_lock_for_a_block_outlives_transactions_and_ends_with_the_block():
    with held(AdvisoryLock.DEMO):
        with transaction.atomic():
            pass
        assert not elsewhere(lambda: take_if_free(AdvisoryLock.DEMO))
    assert elsewhere(lambda: take_if_free(AdvisoryLock.DEMO))


def test_the_first_free_of_several_is_had():
    def second():
        with first_free(AdvisoryLock.SENDING, [1, 2]) as lane:
            return lane

    with first_free(AdvisoryLock.SENDING, [1, 2]) as lane:
        assert (lane, elsewhere(second)) == (1, 2)
    with first_free(AdvisoryLock.SENDING, [2]), first_free(AdvisoryLock.SENDING, []) as none:
        assert (none, elsewhere(second)) == (None, 1)
