"""What answers calls: model servers, recorded samples, doubles for tests.

Nothing is imported here, so that a backend that is not used costs no start-up time.
"""

__all__: list[str] = []
