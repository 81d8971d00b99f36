"""One process or several: what only one of them may do."""

from collections.abc import Callable
from typing import TypeVar

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from learning_reid.errors import UserError

T = TypeVar("T")


def on_main_process(action: Callable[[], T]) -> T:
    """Do something once, and give its result to all processes; the accelerator has been made before.

    Raises:
        UserError: as the action does, in every process, so that none waits for the others for ever.
    """
    state = PartialState()
    answer: list[object] = [None, None]
    if state.is_main_process:
        try:
            answer[0] = action()
        except UserError as problem:
            answer[1] = str(problem)
    if state.num_processes > 1:
        broadcast_object_list(answer)
    if answer[1] is not None:
        raise UserError(str(answer[1]))
    return answer[0]  # type: ignore[return-value]
