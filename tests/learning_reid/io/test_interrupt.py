"""The first signal is a request; the second Ctrl-C interrupts; the earlier handlers come back."""

import os
import signal
import threading

import pytest

from learning_reid.io.interrupt import SIGNALS, InterruptHandler


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_first_signal_is_a_request_and_a_second_ctrl_c_interrupts(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = [signal.getsignal(each) for each in SIGNALS]
    with pytest.raises(KeyboardInterrupt), InterruptHandler("stopping here") as interrupt:
        assert not interrupt.requested
        interrupt.raise_if_interrupted()
        os.kill(os.getpid(), number)
        assert interrupt.requested
        os.kill(os.getpid(), signal.SIGTERM)
        assert capsys.readouterr().err == "stopping here (Ctrl-C again to leave at once)\n"
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second Ctrl-C did not interrupt")
    assert [signal.getsignal(each) for each in SIGNALS] == earlier


def test_a_worker_process_ignores_the_second_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    with InterruptHandler("stopping", immediate_second=False) as interrupt:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupt.raise_if_interrupted()
    assert capsys.readouterr().err == "stopping\n"


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_an_immediate_handler_interrupts_at_the_first_signal(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyboardInterrupt), InterruptHandler("stopping", immediate=True):
        os.kill(os.getpid(), number)
        pytest.fail("the signal did not interrupt")
    assert capsys.readouterr().err == "stopping\n"


def test_an_ignored_ctrl_c_is_handled_and_ignored_again_afterwards() -> None:
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell starts background jobs
    try:
        with InterruptHandler() as interrupt:
            os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.requested
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, earlier)


def test_outside_of_the_main_thread_it_does_nothing() -> None:
    results = []

    def work() -> None:
        with InterruptHandler() as interrupt:
            results.append(interrupt.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [False]
