import pytest

from workloads.anomalies import anomalies


@pytest.fixture(scope="session")
def known():
    """All anomalies, by name."""
    return {anomaly.name: anomaly for anomaly in anomalies()}
